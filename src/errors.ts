/** What went wrong, in the terms of the process's exit code. */
export type ErrorKind = 'failed' | 'usage' | 'bad-input' | 'no-device' | 'interrupted'

/** The exit code of the command for each kind of error (sysexits where one fits). */
export const EXIT_CODES: Record<ErrorKind, number> = {
  failed: 1,
  usage: 2,
  'bad-input': 65,
  'no-device': 69,
  interrupted: 130,
}

/**
 * An error that a user can act on: one sentence that says what and where, and a hint that says what to do.
 *
 * The command line prints `scvae: <message> <hint>` and exits with {@link ScvaeError.exitCode}; a library caller reads `kind`.
 */
export class ScvaeError extends Error {
  override readonly name = 'ScvaeError'
  readonly kind: ErrorKind
  readonly hint: string | undefined

  constructor(kind: ErrorKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.hint = options.hint
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind]
  }
}
