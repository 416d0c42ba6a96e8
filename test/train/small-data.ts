import { tableFromArrays } from 'apache-arrow'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import type { ModelData } from '../../src/cells/cell-data.js'

/** A small data set as a file would give it, with obs columns of every kind that a model takes, and odd ones. */
export function smallData(nCells = 120, nGenes = 50, seed = 2): ModelData {
  const { counts, obs, varNames } = simulateCells({ nCells, nGenes, nTypes: 3, meanLibrarySize: 300, seed })
  const each = <T>(value: (cell: number) => T) => Array.from({ length: nCells }, (_, cell) => value(cell))
  return {
    path: 'small.h5ad',
    nCells,
    nGenes,
    counts,
    varNames,
    obs: tableFromArrays({
      batch: obs.batch,
      day: Int32Array.from(each((cell) => [10, 2, 7][cell % 3]!)),
      score: Float64Array.from(each((cell) => Math.sin(cell))),
      factor: Float64Array.from(each((cell) => 0.5 + (cell % 5))),
      gaps: each((cell) => (cell === 9 ? null : 'a')),
      holed: Float64Array.from(each((cell) => (cell === 4 ? Number.NaN : 1))),
      signed: Float64Array.from(each((cell) => (cell === 2 ? -1 : 1))),
    }),
  }
}
