import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { afterAll } from 'vitest'
import { CountMatrix } from '../../../src/anndata/counts/counts.js'
import type { ModelData } from '../../../src/cells/cell-data.js'
import { decodeSafetensors } from '../../../src/files/safetensors.js'
import { Entry } from '../../../src/files/scvi-tools/entries.js'
import { readTorchFile } from '../../../src/files/scvi-tools/torch-file.js'
import { TorchTensor } from '../../../src/files/scvi-tools/torch-values.js'
import type { NamedTensor } from '../../../src/files/scvi-tools/weights.js'
import type { NetworkState } from '../../../src/network/parameters.js'

/** Models and numbers of scvi-tools, written by `test/interop/scvi_debug_state.py`. */
const FOLDER = resolve('test/fixtures/scvi')

export const fixtureNames = (): string[] =>
  readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()

export const fixtureFolder = (name: string): string => join(FOLDER, name)

/** What scvi-tools computed with a model. */
export function debugState(name: string): NetworkState {
  const path = join(FOLDER, name, 'state.safetensors')
  return decodeSafetensors(readFileSync(path), path).state
}

/** The tensors of a state dict, as scvi-tools saved them. */
export function stateDict(folder: string): Map<string, NamedTensor> {
  const saved = new Entry(readTorchFile(join(folder, 'model.pt')), 'model')
  const tensors = new Map<string, NamedTensor>()
  for (const [name, value] of saved.get('model_state_dict').dict()) {
    if (!(value instanceof TorchTensor) || value.storage.kind !== 'FloatStorage') continue
    tensors.set(String(name), { shape: value.shape, values: value.values() })
  }
  return tensors
}

/** The cells that all models were trained on, as a file would give them. */
export function fixtureCells(): ModelData {
  const { genes, counts, obs } = JSON.parse(readFileSync(join(FOLDER, 'cells.json'), 'utf8')) as {
    genes: string[]
    counts: number[][]
    obs: Record<string, (string | number)[]>
  }
  const rows = counts.map((row) => Int32Array.from(row.keys()).filter((gene) => row[gene]! > 0))
  const offsets = new Int32Array(rows.length + 1)
  for (const [i, row] of rows.entries()) offsets[i + 1] = offsets[i]! + row.length
  const columns = Object.entries(obs).map(([name, values]) => {
    if (values.every((value) => Number.isInteger(value))) return [name, Int32Array.from(values as number[])]
    if (values.every((value) => typeof value === 'number')) return [name, Float64Array.from(values)]
    return [name, values]
  })
  return {
    path: 'cells.h5ad',
    nCells: counts.length,
    nGenes: genes.length,
    obs: tableFromArrays(Object.fromEntries(columns)),
    varNames: genes,
    counts: new CountMatrix(genes.length, [
      {
        firstCell: 0,
        nCells: counts.length,
        offsets,
        genes: Int32Array.from(rows.flatMap((row) => [...row])),
        counts: Float32Array.from(rows.flatMap((row, i) => Array.from(row, (gene) => counts[i]![gene]!))),
      },
    ]),
  }
}

/** A folder of the test file's own that goes when it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-scvi-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
