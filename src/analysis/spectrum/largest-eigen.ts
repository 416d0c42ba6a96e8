import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Random } from '../../numeric/random.js'
import { tridiagonalEigen } from '../../numeric/tridiagonal-eigen.js'
import { magnitudeOfRank } from './magnitude-of-rank.js'
import { orthonormalize } from './orthonormal-block.js'
import { BLOCK, type SymmetricGraph, VectorBlocks } from './vector-blocks.js'

export interface LargestEigenOptions {
  /** Largest error of a pair: |A v − λ v| for a v of length 1. Default 1e-6. */
  tolerance?: number
  /** Most times that the basis is started anew. Default 20. */
  maxRestarts?: number
}

/** Pairs of eigenvalues and unit eigenvectors, values descending. */
export interface EigenPairs {
  values: Float64Array
  /** Eigenvector j is `vectors[j]`. */
  vectors: Float64Array[]
}

/** Share by which more eigenvalues than are wanted lie where the filter lets them through. */
const MARGIN = 1.3
/** Vectors of the basis when it is first looked at, and at the most, for each pair that is wanted. */
const FIRST_LOOK = 2.2
const MOST_VECTORS = 3.2
/** There is room for so many beyond twice the pairs, however few these are. */
const FEW_VECTORS = 40
/** Blocks between two looks. */
const BETWEEN_LOOKS = 3
/** Largest degree of the filter, and the most by which it may raise the largest eigenvalue: beyond that the others drown in its rounding. */
const MOST_DEGREE = 8
const MOST_RAISED = 1e6

/**
 * The eigenvalues of largest magnitude of a symmetric matrix, by a block Krylov space of a filtered matrix: of p(A), where p is a Chebyshev polynomial of even
 * degree that is at most 1 where the eigenvalues lie that are not wanted and grows fast beyond, on both sides (Fang and Saad, SIAM Journal on Scientific
 * Computing 2012). The pairs are those of A itself within the vectors that p(A) has raised most (Rayleigh and Ritz). Where a basis is full before
 * their errors are small, a new one starts from sums of what was found.
 *
 * The same for any number of threads.
 *
 * @param count pairs that are wanted: at most a quarter of the rows
 */
export function largestEigen(
  host: HostKernels,
  graph: SymmetricGraph,
  count: number,
  random: Random,
  { tolerance = 1e-6, maxRestarts = 20 }: LargestEigenOptions = {},
): EigenPairs {
  const wanted = Math.max(MOST_VECTORS * count, 2 * count + FEW_VECTORS)
  const width = Math.min(Math.floor(graph.n / BLOCK), Math.ceil(wanted / BLOCK))
  const kept = Math.min(width, Math.ceil((count + BLOCK) / BLOCK))
  const space = new HostSpace(host.arena)
  try {
    const blocks = new VectorBlocks(host, space, graph, width + 2 * kept + ROOM)
    const search = { blocks, width, kept, count, tolerance, random }
    const rank = Math.min(MARGIN * count, graph.n / 2)
    const { largest, ofRank } = magnitudeOfRank(blocks, roomOf(search), rank, random)
    let edge = ofRank
    const start = blocks.vectors(0)
    for (let at = 0; at < start.length; at++) start[at] = random.normal()
    for (let restart = 0; ; restart++) {
      const found = searchOnce(search, filterOf(edge, largest))
      if (found.error < tolerance || restart >= maxRestarts) return pairsOf(search, found)
      // pairs within the edge are not raised: it was too far out
      edge = Math.min(edge, 0.95 * Math.abs(found.values[count - 1]!))
      sumUp(search)
    }
  } finally {
    space.release()
  }
}

interface Search {
  blocks: VectorBlocks
  /** Blocks of the basis, which start at 0. */
  width: number
  /** Blocks of those sums of the basis that p(A) raises most, which come next; and of the eigenvectors within them, which come last but for room. */
  kept: number
  count: number
  tolerance: number
  random: Random
}

/** Blocks at the end that what is worked out on the way may overwrite. */
const ROOM = 3
const foundAt = ({ width, kept }: Search): number => width + kept
const roomOf = ({ width, kept }: Search): number => width + 2 * kept

/** p(x) = T_degree(x / edge), which is at most 1 between −edge and edge. */
interface Filter {
  edge: number
  degree: number
}

function filterOf(edge: number, largest: number): Filter {
  let inside = Math.max(edge, largest / Math.sqrt(MOST_RAISED / 2))
  // the kernel's factor is a float32, and 2 / edge is twice it
  inside = 1 / Math.fround(1 / inside)
  for (let degree = MOST_DEGREE; degree > 2; degree -= 2) {
    if (Math.cosh(degree * Math.acosh(Math.max(1, largest / inside))) < MOST_RAISED)
      return { edge: inside, degree }
  }
  return { edge: inside, degree: 2 }
}

/** Eigenvalues within some vectors, largest magnitude first, and how far the vectors are from eigenvectors. */
interface Found {
  values: Float64Array
  /** Of the pairs that are wanted, the largest. */
  error: number
}

/** Builds a basis from what is in block 0, until the pairs within it are good or it is full. */
function searchOnce(search: Search, filter: Filter): Found {
  const { blocks, width, kept, count, tolerance, random } = search
  const size = width * BLOCK
  const small = new Float64Array(size * size)
  const look = Math.min(width, Math.max(kept + 1, Math.ceil((FIRST_LOOK * count) / BLOCK)))
  orthonormalize(blocks, 0, random)
  for (let j = 0; ; j++) {
    // the last product has no place in the basis
    const last = j + 1 === width
    const to = last ? width : j + 1
    applyFilter(search, filter, j, to)
    const along = last ? blocks.products(0, j + 1, to) : orthonormalize(blocks, to, random)
    for (let row = 0; row < (j + 1) * BLOCK; row++) {
      for (let c = 0; c < BLOCK; c++) {
        const column = j * BLOCK + c
        small[row * size + column] = small[column * size + row] = along[row * BLOCK + c]!
      }
    }
    const done = j + 1
    if (!last && (done < look || (done - look) % BETWEEN_LOOKS > 0)) continue
    const found = pairsWithin(search, small, done)
    if (last || found.error < tolerance) return found
  }
}

/** `to` becomes p(A) times a block. */
function applyFilter(search: Search, { edge, degree }: Filter, block: number, to: number): void {
  const { blocks } = search
  const room = roomOf(search)
  blocks.multiply(block, room, 1 / edge)
  let [before, now] = [block, room]
  for (let k = 2; k <= degree; k++) {
    // the block itself is a part of the basis and stays
    const out = k === degree ? to : k === 2 ? room + 1 : before
    blocks.multiply(now, out, 2 / edge, before)
    ;[before, now] = [now, out]
  }
}

/** The pairs of A within the vectors of the first blocks that p(A) raises most. */
function pairsWithin(search: Search, small: Float64Array, used: number): Found {
  const { blocks, width, kept } = search
  const rows = used * BLOCK
  const part = new Float64Array(rows * rows)
  for (let row = 0; row < rows; row++) {
    part.set(small.subarray(row * width * BLOCK, row * width * BLOCK + rows), row * rows)
  }
  const raised = tridiagonalEigen(part, rows).vectors
  const size = kept * BLOCK
  const own = new Float64Array(size * size)
  const product = roomOf(search)
  for (let b = 0; b < kept; b++) blocks.add(0, used, columnsOf(raised, rows, b), width + b)
  for (let b = 0; b < kept; b++) {
    blocks.multiply(width + b, product)
    const along = blocks.products(width, kept, product)
    for (let row = 0; row < size; row++)
      own.set(along.subarray(row * BLOCK, (row + 1) * BLOCK), row * size + b * BLOCK)
  }
  const { values, vectors } = tridiagonalEigen(own, size)
  const order = Array.from(values.keys()).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!))
  const turned = new Float64Array(size * size)
  for (const [row, pair] of order.entries()) {
    turned.set(vectors.subarray(pair * size, (pair + 1) * size), row * size)
  }
  for (let b = 0; b < kept; b++) blocks.add(width, kept, columnsOf(turned, size, b), foundAt(search) + b)
  const found = Float64Array.from(order, (pair) => values[pair]!)
  return { values: found, error: largestError(search, found) }
}

/** The vectors of eight rows of a matrix as columns. */
function columnsOf(vectors: Float64Array, size: number, block: number): Float64Array {
  const columns = new Float64Array(size * BLOCK)
  for (let c = 0; c < BLOCK; c++) {
    for (let i = 0; i < size; i++) columns[i * BLOCK + c] = vectors[(block * BLOCK + c) * size + i]!
  }
  return columns
}

/** Largest |A v − λ v| of the pairs that are wanted. */
function largestError(search: Search, values: Float64Array): number {
  const { blocks, count } = search
  const product = roomOf(search)
  let largest = 0
  for (let first = 0; first < count; first += BLOCK) {
    const block = foundAt(search) + first / BLOCK
    blocks.multiply(block, product)
    const [of, multiplied] = [blocks.vectors(block), blocks.vectors(product)]
    for (let c = 0; c < BLOCK && first + c < count; c++) {
      let squared = 0
      for (let at = c; at < of.length; at += BLOCK)
        squared += (multiplied[at]! - values[first + c]! * of[at]!) ** 2
      largest = Math.max(largest, Math.sqrt(squared))
    }
  }
  return largest
}

/** Block 0 becomes sums of the vectors that were found, with random weights. */
function sumUp(search: Search): void {
  const { blocks, kept, count, random } = search
  const weights = new Float64Array(kept * BLOCK ** 2)
  for (let at = 0; at < count * BLOCK; at++) weights[at] = random.normal()
  blocks.add(foundAt(search), kept, weights, 0)
}

function pairsOf(search: Search, { values }: Found): EigenPairs {
  const { blocks, count } = search
  const order = Array.from({ length: count }, (_, j) => j).sort((a, b) => values[b]! - values[a]!)
  return {
    values: Float64Array.from(order, (j) => values[j]!),
    vectors: order.map((j) => {
      const block = blocks.vectors(foundAt(search) + Math.floor(j / BLOCK))
      return Float64Array.from({ length: blocks.n }, (_, i) => block[i * BLOCK + (j % BLOCK)]!)
    }),
  }
}
