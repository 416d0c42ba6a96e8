import { padded } from './cpu-tensor.js'

/** Blocks of genes over which sums are taken in order: enough for as many threads, few enough to add up cheaply. */
const MAX_BLOCKS = 32
const MIN_BLOCK_GENES = 128

/** How many blocks genes are divided into, and the genes of each but the last. */
export function geneBlocks(nGenes: number): { blocks: number; blockGenes: number } {
  const wanted = Math.min(MAX_BLOCKS, Math.max(1, Math.ceil(nGenes / MIN_BLOCK_GENES)))
  const blockGenes = padded(Math.ceil(nGenes / wanted))
  return { blocks: Math.ceil(nGenes / blockGenes), blockGenes }
}
