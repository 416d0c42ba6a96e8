/** Purposes of the seeded streams of the analyses, in a range of their own beside those of `numeric/philox.ts`. */
export const STREAM = {
  pca: 256,
  kmeans: 257,
  umap: 258,
  aggregatedPosterior: 259,
  leiden: 260,
  separation: 280,
  diffusion: 281,
  abundance: 282,
  reference: 283,
  newGroups: 284,
  doublets: 285,
  ambientMixtures: 286,
  ambientThinning: 287,
} as const
