import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { run } from '../../src/cli/command-line.js'
import { OUTLIER_COLUMNS } from '../../src/cli/embed/outlier-columns.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

const CELLS = 600

describe('scvae embed --outliers', { timeout: 120_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const words = (output: string, ...more: string[]) => [
    ...['embed', at('own.model'), at('cells.h5ad'), '-o', at(output), '--threads', '1', ...more],
  ]
  const numbers = ({ obs }: AnnData, column: string) => Array.from(obs.getChild(column)!, Number)
  let types: string[]

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: CELLS, nGenes: 200, empty: [3] })
    const real = await readAnnData(at('cells.h5ad'))
    types = Array.from(real.obs.getChild('cell_type')!, String)
    // one type is left out, and every third cell
    const cells = Int32Array.from({ length: CELLS }, (_, i) => i).filter(
      (cell) => types[cell] !== types[0] && cell % 3 > 0,
    )
    await using model = await SCVI.create(real, { cells, batchKey: 'batch', nHidden: 16, nLatent: 4 })
    await model.train({ maxEpochs: 400 })
    await model.save(at('own.model'))
    await model.save(at('alone.model'), { saveCells: false })
  }, 120_000)

  it('writes scores, reasons and new groups into a copy of the file', async () => {
    await run(words('scored.h5ad', '--outliers', '-q'))
    const scored = await readAnnData(at('scored.h5ad'))
    for (const name of OUTLIER_COLUMNS) expect(scored.obs.getChild(name), name).not.toBeNull()
    const p = numbers(scored, 'scvae_new_group_p')
    expect(p[3]).toBeNaN()
    expect(numbers(scored, 'scvae_used')[3]).toBe(0)
    const mean = (isOdd: boolean, column: string) => {
      const values = numbers(scored, column).filter(
        (value, cell) => !Number.isNaN(value) && (types[cell] === types[0]) === isOdd,
      )
      return values.reduce((a, b) => a + b, 0) / values.length
    }
    // those of the type that the model does not know
    expect(mean(true, 'scvae_new_group_log2')).toBeGreaterThan(mean(false, 'scvae_new_group_log2') + 2)
    expect(mean(true, 'scvae_outlier')).toBeGreaterThan(0.5)
    expect(mean(false, 'scvae_outlier')).toBeLessThan(0.05)
    const reasons = Array.from(scored.obs.getChild('scvae_outlier_reason')!, String)
    const flags = numbers(scored, 'scvae_outlier')
    for (const [cell, flag] of flags.entries()) expect(reasons[cell] !== 'null').toBe(flag === 1)
    expect(reasons.filter((reason) => reason === 'rare group').length).toBeGreaterThan(10)
  })

  it('writes the same as a table, beside labels', async () => {
    const file = ['--reference', at('cells.h5ad')]
    await run(words('scored.csv', '--outliers', '-q'))
    const [head, ...rows] = readFileSync(at('scored.csv'), 'utf8').trimEnd().split('\n')
    expect(head!.split(',')).toEqual([
      'cell',
      'z1',
      'z2',
      'z3',
      'z4',
      ...OUTLIER_COLUMNS.filter(isNumber),
      ...OUTLIER_COLUMNS.filter((name) => !isNumber(name)),
    ])
    expect(rows).toHaveLength(CELLS)
    const before = await readAnnData(at('scored.h5ad'))
    const place = head!.split(',').indexOf('scvae_outlier_score')
    expect(Number(rows[7]!.split(',')[place])).toBeCloseTo(numbers(before, 'scvae_outlier_score')[7]!, 4)
    await run(words('both.arrow', '--outliers', '--transfer', 'cell_type', ...file, '-q'))
    const table = tableFromIPC(readFileSync(at('both.arrow')))
    const names = table.schema.fields.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...OUTLIER_COLUMNS, 'scvae_cell_type']))
  })

  it('says how many cells are flagged, and why, and of a file that is unlike as a whole that it is', async () => {
    const said = async (asked: string[]) => {
      const log: string[] = []
      const write = process.stderr.write
      process.stderr.write = (text) => log.push(String(text)) > 0
      try {
        await run(asked)
      } finally {
        process.stderr.write = write
      }
      return log.join('')
    }
    const ordinary = await said(words('logged.csv', '--outliers'))
    expect(ordinary).toMatch(/outliers: \d+ of 599 cells \(\d+\.?\d* %\): .*rare group \d+/)
    // the same counts under other genes
    const { counts, obs, obsNames, varNames } = await readAnnData(at('cells.h5ad'))
    const batch = Array.from(obs.getChild('batch')!, String)
    const categories = [...new Set(batch)]
    const column = {
      kind: 'category' as const,
      categories,
      codes: batch.map((name) => categories.indexOf(name)),
    }
    const other = { counts, obs: { batch: column }, obsNames: obsNames.map((name) => `${name}, moved`) }
    await writeAnnData(at('moved.h5ad'), { ...other, varNames: [...varNames].reverse() })
    const moved = words('moved.csv', '--outliers').map((word) => word.replace('cells.h5ad', 'moved.h5ad'))
    const asAWhole = 'are flagged as unlike the reference: the file as a whole differs from it'
    expect(await said(moved)).toContain(asAWhole)
    expect(ordinary.includes(asAWhole)).toBe(types.filter((type) => type === types[0]).length > 120)
  })

  it('refuses what cannot be, and leaves nothing', async () => {
    const before = namesIn(folder)
    await expect(run(words('a.csv', '--reference', at('cells.h5ad')))).rejects.toThrow(
      '--reference is for --outliers or --transfer, and neither was given.',
    )
    const alone = words('a.csv', '--outliers', '-q').map((word) => word.replace('own.model', 'alone.model'))
    await expect(run(alone)).rejects.toMatchObject({
      message: "The model's folder tells of no cells that others could be held against.",
      hint: 'Give a file that has them with --reference.',
    })
    expect(namesIn(folder)).toEqual(before)
    // and that advice
    await run([...alone, '--reference', at('cells.h5ad')])
    expect(existsSync(at('a.csv'))).toBe(true)
  })
})

const isNumber = (name: string) => !['scvae_outlier_reason', 'scvae_outlier_genes'].includes(name)
