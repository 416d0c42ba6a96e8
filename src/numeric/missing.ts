/** In place of a count that is not known: zero to the encoder, nothing to the likelihood. */
export const MISSING = -1
