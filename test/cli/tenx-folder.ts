import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'

/** A folder as CellRanger 3 writes it, of simulated counts, with features of two types. */
export function writeTenxFolder(folder: string): void {
  const { counts, obsNames, varNames } = simulateCells({ nCells: 80, nGenes: 40, density: 0.3, seed: 5 })
  const entries: string[] = []
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = counts.row(cell)
    for (const [k, gene] of row.genes.entries()) entries.push(`${gene + 1} ${cell + 1} ${row.counts[k]}`)
  }
  mkdirSync(folder)
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(folder, name), gzipSync(`${lines.join('\n')}\n`))
  write('matrix.mtx.gz', [
    '%%MatrixMarket matrix coordinate integer general',
    `40 80 ${entries.length}`,
    ...entries,
  ])
  write('barcodes.tsv.gz', obsNames)
  const type = (i: number) => (i < 30 ? 'Gene Expression' : 'Antibody Capture')
  write(
    'features.tsv.gz',
    varNames.map((name, i) => `ENS${i}\t${name}\t${type(i)}`),
  )
}
