import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { Table, tableToIPC, Utf8, type Vector, vectorFromArray } from 'apache-arrow'

/** A column of numbers, one a cell of the file. */
export type Numbers = Float32Array | Float64Array | Uint8Array

/** What the Arrow and CSV files hold: every cell of the file with its latent position and its scores. */
export interface LatentTable {
  cellNames: readonly string[]
  /** All cells × d, row-major; NaN for a cell that was not fitted. */
  latent: Float32Array
  d: number
  scores: Readonly<Record<string, Numbers>>
}

const LINES_A_WRITE = 4096

/** Writes an Arrow IPC file: `cell`, `z1` … `zd`, then the scores by their names in obs. */
export function writeArrow(path: string, table: LatentTable): void {
  const { cellNames, latent, d, scores } = table
  const columns: Record<string, Vector> = { cell: vectorFromArray(cellNames, new Utf8()) }
  for (let f = 0; f < d; f++) {
    columns[`z${f + 1}`] = vectorFromArray(
      Float32Array.from({ length: cellNames.length }, (_, i) => latent[i * d + f]!),
    )
  }
  for (const [name, values] of Object.entries(scores)) columns[name] = vectorFromArray(values)
  writeFileSync(path, tableToIPC(new Table(columns), 'file'))
}

/** Writes `cell`, `z1` … `zd` as CSV; a cell that was not fitted has empty fields. */
export function writeLatentCsv(path: string, { cellNames, latent, d }: LatentTable): void {
  const names = Array.from({ length: d }, (_, f) => `z${f + 1}`)
  writeCsv(path, cellNames, names, (cell, f) => latent[cell * d + f]!)
}

/** Writes `cell` and the scores as CSV. */
export function writeScoresCsv(path: string, { cellNames, scores }: LatentTable): void {
  const columns = Object.values(scores)
  writeCsv(path, cellNames, Object.keys(scores), (cell, f) => columns[f]![cell]!)
}

function writeCsv(
  path: string,
  cellNames: readonly string[],
  names: readonly string[],
  value: (cell: number, column: number) => number,
): void {
  const file = openSync(path, 'w')
  try {
    let lines = `${['cell', ...names].join(',')}\n`
    for (const [cell, name] of cellNames.entries()) {
      const fields = names.map((_, f) => field(value(cell, f)))
      lines += `${[quoted(name), ...fields].join(',')}\n`
      if (cell % LINES_A_WRITE !== LINES_A_WRITE - 1) continue
      writeSync(file, lines)
      lines = ''
    }
    writeSync(file, lines)
  } finally {
    closeSync(file)
  }
}

/** A float32 has nine digits that count; empty stands for NaN, as R and pandas read it. */
function field(value: number): string {
  return Number.isNaN(value) ? '' : String(Number(value.toPrecision(9)))
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
