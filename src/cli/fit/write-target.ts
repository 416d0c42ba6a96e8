import { type Column, numberColumn } from '../../anndata/frame/column.js'
import { openFrame } from '../../anndata/frame/dataframe.js'
import { withAnnData } from '../../anndata/mudata/modality.js'
import type { AnnData } from '../../anndata/read.js'
import type { CountsFormat } from '../../anndata/read-any.js'
import { writeCopy } from '../../anndata/write/copy.js'
import type { FileKeys } from '../../anndata/write/own-keys.js'
import { type Matrix, rowsOf, spreadRows } from '../../numeric/matrix.js'
import { type ClusteredCells, graphAdditions } from '../clusters.js'
import type { LatentTable } from '../latent-table.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import { type OutputKeys, outputKeys } from './output-keys.js'
import { recordOf } from './record.js'

/** A file of which a copy with outputs is written. */
export interface Target {
  adata: AnnData
  format: CountsFormat | undefined
  keys: FileKeys
  /** Where its cells begin among those of the data. */
  firstCell: number
  /** The place of each of its genes among those of the data, −1 for one that is not there; the same place when left out. */
  place?: Int32Array
}

/** What a fit found of all cells and of its genes. */
export interface CellOutputs {
  table: LatentTable
  /** All cells × 2, or undefined without a layout. */
  umap: Matrix | undefined
  /** Clusters of the fitted cells, when they are wanted. */
  clustered: ClusteredCells | undefined
  /** Of a linear decoder: fitted genes × latent dimensions. */
  loadings: Matrix | undefined
}

/**
 * Writes a copy of a file with what the fit found of its cells and genes.
 *
 * @returns one sentence for each thing of the file that the copy does not have as it was
 */
export async function writeTarget(
  target: Target,
  data: FitData,
  settings: FitSettings,
  path: string,
  { table, umap, clustered, loadings }: CellOutputs,
): Promise<string[]> {
  const { adata, format, firstCell } = target
  const { nCells } = adata
  const names = outputKeys(target.keys, settings)
  const cells = (all: Matrix) => rowsOf(all, firstCell, firstCell + nCells)
  const graphNames = { names, useRep: names.latent, seed: settings.train.seed }
  const fitted = fittedPlaces(target, data)
  const additions = {
    obsm: { [names.latent]: cells(table.latent), ...(umap && { [names.umap]: cells(umap) }) },
    obs: columnsOf(table, names.score, firstCell, nCells),
    var: { [names.used]: { kind: 'int' as const, values: await usedGenes(adata, fitted) } },
    ...(clustered && graphAdditions(clustered, { cells: data.cells, firstCell, nCells }, graphNames)),
    ...(loadings && hasVarm(adata) && { varm: { [names.loadings]: varmOf(adata, fitted, loadings) } }),
  }
  return writeCopy(adata, format, path, additions, {
    settings: recordOf(settings, { ...data, adata }),
    renews: true,
    tables: settings.noCopy,
  })
}

/** Whether varm has a row for each gene that counts were read of. */
export const hasVarm = ({ countsSource }: Pick<AnnData, 'countsSource'>): boolean => countsSource !== 'raw/X'

/** For each gene that was read of a file, its place among the fitted ones, −1 for one that was not fitted. */
function fittedPlaces({ adata, place }: Target, { adata: all, genes }: FitData): Int32Array {
  const ofAll = genes ? new Int32Array(all.nGenes).fill(-1) : Int32Array.from({ length: all.nGenes }, same)
  for (const [i, gene] of genes?.entries() ?? []) ofAll[gene] = i
  return place ? place.map((gene) => (gene < 0 ? -1 : ofAll[gene]!)) : ofAll.subarray(0, adata.nGenes)
}

const same = (_: unknown, i: number) => i

/** The loadings with a row for every gene of the file. */
function varmOf({ genesInFile, nGenes }: AnnData, fitted: Int32Array, loadings: Matrix): Matrix {
  const { columns } = loadings
  const ofRead = { values: new Float32Array(nGenes * columns).fill(Number.NaN), rows: nGenes, columns }
  for (const [gene, i] of fitted.entries()) {
    if (i >= 0) ofRead.values.set(rowsOf(loadings, i, i + 1).values, gene * columns)
  }
  return genesInFile ? spreadRows(ofRead, genesInFile.positions, genesInFile.total) : ofRead
}

/** 1 for every gene of the file's var that was fitted; raw's genes are found there by their names. */
async function usedGenes(adata: AnnData, fitted: Int32Array): Promise<Uint8Array> {
  const { varNames, genesInFile } = adata
  if (!hasVarm(adata)) {
    const used = new Set(varNames.filter((_, gene) => fitted[gene]! >= 0))
    const names = await withAnnData(adata.path, adata.modality, async (store) =>
      (await openFrame(store, 'var')).names(),
    )
    return Uint8Array.from(names, (name) => (used.has(name) ? 1 : 0))
  }
  const used = new Uint8Array(genesInFile?.total ?? adata.nGenes)
  for (const [gene, i] of fitted.entries()) {
    if (i >= 0) used[genesInFile ? genesInFile.positions[gene]! : gene] = 1
  }
  return used
}

function columnsOf(
  { scores, categories = {} }: LatentTable,
  nameOf: OutputKeys['score'],
  firstCell: number,
  nCells: number,
): Record<string, Column> {
  const numbers = Object.entries(scores).map(([name, all]): [string, Column] => [
    nameOf(name),
    numberColumn(all.slice(firstCell, firstCell + nCells)),
  ])
  const texts = Object.entries(categories).map(([name, { codes, ...column }]): [string, Column] => [
    nameOf(name),
    { ...column, codes: Int32Array.from({ length: nCells }, (_, i) => codes[firstCell + i]!) },
  ])
  return Object.fromEntries([...numbers, ...texts])
}
