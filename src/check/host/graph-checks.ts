import { classDistances } from '../../analysis/metrics/class-distances.js'
import { searchLeafTree } from '../../analysis/neighbors/host-neighbors.js'
import { type Neighbors, neighbors } from '../../analysis/neighbors/neighbors.js'
import { STREAM } from '../../analysis/random-streams.js'
import { tieStrengths } from '../../analysis/umap/tie-strengths.js'
import type { FuzzyGraph } from '../../analysis/umap/umap-graph.js'
import { bothDirections, layOut } from '../../analysis/umap/umap-layout.js'
import { type NearestShape, nearestCheck } from '../kernels/neighbor-checks.js'
import { distancesByClass } from '../oracle/class-distances.js'
import { Draws } from '../oracle/draws.js'
import { layoutEpoch } from '../oracle/layout-epoch.js'
import { tieStrengths as strengthsOf } from '../oracle/tie-strengths.js'
import type { HostCheck } from './host-check.js'

/** What maps are made of, nearest cells, the strength of their ties, epochs of the layout; and distances to the cells of classes. */
export const graphChecks = (): HostCheck[] => [
  treeCheck({ rows: 1200, columns: 10, k: 16 }),
  treeCheck({ rows: 700, columns: 3, k: 15, levels: 4 }),
  ...[2, 15, 33].map(tiesCheck),
  layoutCheck(),
  classesCheck(),
]

function treeCheck(shape: NearestShape): HostCheck {
  const { rows, columns, k, levels } = shape
  const { found, expected } = nearestCheck(shape, 930 + rows)
  return {
    name: `nearest cells: ${k} of ${rows} in ${columns} dimensions${levels ? ' with ties' : ''}`,
    run: ({ host }) => found((table, wanted) => searchLeafTree(host, table, wanted)),
    expected,
  }
}

function tiesCheck(k: number): HostCheck {
  const [rows, columns] = [150, 5]
  const values = new Draws(940).normals(rows * columns)
  // cells that coincide have no distance to the nearest other
  for (let i = 1; i < 20; i++) values.copyWithin(i * columns, 0, columns)
  let graph: Neighbors | undefined
  const found = () => {
    graph ??= neighbors({ values, rows, columns }, { k: 40 })
    return graph
  }
  return {
    name: `tie strengths: ${k} neighbours`,
    run: async ({ host }) => ({ strengths: tieStrengths(host, found(), k) }),
    expected: () => ({ strengths: { values: strengthsOf(found(), k), tolerance: 5e-5, scale: 1 } }),
  }
}

/** So few ties a cell that all builds cut the random numbers of an epoch at the same places. */
function layoutCheck(): HostCheck {
  const [cells, nEpochs, seed] = [151, 3, 9]
  const curve = { a: 0.58303, b: 1.334167 }
  const start = new Draws(950).normals(2 * cells, 3)
  // two that coincide and are tied
  start.copyWithin(2, 0, 2)
  const head = Int32Array.from({ length: cells >> 1 }, (_, pair) => 2 * pair)
  const ties: FuzzyGraph = {
    head,
    tail: head.map((cell) => cell + 1),
    weight: Float32Array.from(head, (_, pair) => (pair % 3 === 0 ? 0.45 : 0.9)),
  }
  return {
    name: `layout epoch: ${nEpochs} of ${cells} cells`,
    run: async ({ host }) => ({ places: await layOut(host, start, ties, curve, { seed, nEpochs }) }),
    expected() {
      const graph = bothDirections(ties, cells)
      let places: Float64Array = Float64Array.from(start)
      for (let epoch = 0; epoch < nEpochs; epoch++) {
        const rate = 1 - Math.max(0, epoch - 1) / nEpochs
        places = layoutEpoch({ places, ...graph, ...curve, epoch, rate, seed, purpose: STREAM.umap }, 16)
      }
      return { places: { values: places, tolerance: 1e-3, scale: 1 } }
    },
  }
}

function classesCheck(): HostCheck {
  const [rows, columns, nClasses] = [203, 10, 3]
  const draws = new Draws(980)
  const values = draws.normals(rows * columns)
  const codes = Int32Array.from({ length: rows }, () => draws.below(nClasses))
  return {
    name: `class distances: ${rows} cells of ${nClasses} classes`,
    async run({ host }) {
      const all = new Float32Array(rows * nClasses)
      const found = classDistances(host, { values, rows, columns }, codes, nClasses)
      for await (const { first, sums } of found) all.set(sums, first * nClasses)
      return { sums: all }
    },
    expected() {
      const sums = distancesByClass(values, columns, codes, nClasses)
      return { sums: { values: sums, tolerance: 2e-6, scale: sums } }
    },
  }
}
