import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { run } from '../../src/cli/command-line.js'
import { ScvaeError } from '../../src/errors.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae embed --transfer', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const words = (output: string, ...more: string[]) => [
    ...['embed', at('own.model'), at('cells.h5ad'), '-o', at(output), '-q', '--threads', '1', ...more],
  ]
  const texts = ({ obs }: AnnData, column: string) => Array.from(obs.getChild(column)!, String)
  const numbers = ({ obs }: AnnData, column: string) => Array.from(obs.getChild(column)!, Number)
  let real: AnnData

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 100, nGenes: 40, empty: [3] })
    real = await readAnnData(at('cells.h5ad'))
    // every second cell is known
    const cells = Int32Array.from({ length: 50 }, (_, i) => 2 * i)
    await using model = await SCVI.create(real, { cells, batchKey: 'batch', nHidden: 8, nLatent: 3 })
    await model.train({ maxEpochs: 10 })
    await model.save(at('own.model'), { labelsKeys: ['cell_type', 'one'] })
    await model.save(at('alone.model'), { saveCells: false })
  }, 60_000)

  it('writes labels, confidence and range into a copy of the file', async () => {
    await run(words('labelled.h5ad', '--transfer', 'cell_type', '--transfer', 'one'))
    const labelled = await readAnnData(at('labelled.h5ad'))
    const types = texts(labelled, 'scvae_cell_type')
    expect(types[3]).toBe('null')
    const known = new Set(texts(real, 'cell_type'))
    for (const [cell, type] of types.entries())
      expect(cell === 3 || type === 'unknown' || known.has(type)).toBe(true)
    const confidence = numbers(labelled, 'scvae_cell_type_confidence')
    const rangeP = numbers(labelled, 'scvae_cell_type_range_p')
    expect([confidence[3], rangeP[3]]).toEqual([Number.NaN, Number.NaN])
    for (const [cell, p] of rangeP.entries())
      if (cell !== 3) expect(types[cell] === 'unknown').toBe(p <= 0.05)
    // of a single label all weight is behind it
    expect(new Set(numbers(labelled, 'scvae_one_confidence'))).toEqual(new Set([1, Number.NaN]))
    expect(texts(labelled, 'cell_type')).toEqual(texts(real, 'cell_type'))
  })

  it('gives the labels that a fit has kept', async () => {
    const fit = [
      'fit',
      at('cells.h5ad'),
      '-q',
      '--max-epochs',
      '2',
      '--all-genes',
      '--no-umap',
      '--no-clusters',
    ]
    await run([...fit, '-o', at('fitted'), '--labels-key', 'cell_type', '--labels-key', 'batch'])
    await run([
      'embed',
      at('fitted.model'),
      at('cells.h5ad'),
      '-q',
      '-o',
      at('of-fit.h5ad'),
      '--transfer',
      'batch',
    ])
    const own = await readAnnData(at('of-fit.h5ad'))
    expect(new Set(texts(own, 'scvae_batch'))).toEqual(new Set(['batch_1', 'batch_2', 'unknown', 'null']))
    const reference = ['--transfer', 'batch', '--reference', at('cells.h5ad')]
    await run(['embed', at('fitted.model'), at('cells.h5ad'), '-q', '-o', at('of-file.h5ad'), ...reference])
    expect(texts(await readAnnData(at('of-file.h5ad')), 'scvae_batch')).toEqual(texts(own, 'scvae_batch'))
    const before = namesIn(folder)
    await expect(run([...fit, '-o', at('new'), '--labels-key', 'kind'])).rejects.toThrow(
      'no obs column "kind"',
    )
    await expect(run([...fit, '-o', at('new'), '--labels-key', 'batch', '--no-model-cells'])).rejects.toThrow(
      'exclude each other',
    )
    expect(namesIn(folder)).toEqual(before)
  })

  it('takes another file, neighbours and share, and writes tables', async () => {
    const reference = ['--transfer', 'cell_type', '--reference', at('cells.h5ad')]
    await run(words('all.h5ad', ...reference, '--n-neighbors', '1', '--unknown-share', '0'))
    const all = await readAnnData(at('all.h5ad'))
    expect(texts(all, 'scvae_cell_type')).not.toContain('unknown')
    expect(new Set(numbers(all, 'scvae_cell_type_confidence'))).toEqual(new Set([1, Number.NaN]))
    await run(words('all.arrow', ...reference))
    const table = tableFromIPC(readFileSync(at('all.arrow')))
    const names = ['scvae_cell_type_confidence', 'scvae_cell_type_range_p', 'scvae_cell_type']
    expect(table.schema.fields.map(({ name }) => name)).toEqual(['cell', 'z1', 'z2', 'z3', ...names])
    await run(words('all.csv', ...reference))
    const [header, ...rows] = readFileSync(at('all.csv'), 'utf8').trimEnd().split('\n')
    expect(header).toBe(`cell,z1,z2,z3,${names.join()}`)
    const last = rows.map((row) => row.split(',').at(-1)!)
    expect(last.filter((_, cell) => cell !== 3)).toEqual(
      Array.from(table.getChild('scvae_cell_type')!, String).filter((_, cell) => cell !== 3),
    )
    expect(last[3]).toBe('')
  })

  it('refuses in a sentence and leaves nothing behind', async () => {
    const before = namesIn(folder)
    const refused = async (more: string[], kind: string, sentence: RegExp) => {
      const error = await run(words('new.h5ad', ...more)).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(ScvaeError)
      expect((error as ScvaeError).kind).toBe(kind)
      expect((error as ScvaeError).message).toMatch(sentence)
      expect(namesIn(folder)).toEqual(before)
    }
    const reference = ['--reference', at('cells.h5ad')]
    await refused(['--transfer', 'kind'], 'bad-input', /keeps no labels "kind" of its cells; it keeps /)
    await refused(['--transfer', 'kind', ...reference], 'bad-input', /has no obs column "kind"/)
    await refused(['--transfer', 'a/b'], 'usage', /names of columns without a slash/)
    await refused(['--transfer', 'one', '--transfer', 'one'], 'usage', /each once, not "one"/)
    await refused(['--transfer', 'one', '--unknown-share', '1'], 'usage', /at least 0 and below 1, not 1/)
    await refused(['--transfer', 'one', '--n-neighbors', '0'], 'usage', /whole number of at least 1/)
    await refused(['--transfer', 'one', '--reference', at('no.h5ad')], 'bad-input', /There is no file/)
    await refused(reference, 'usage', /--reference is for --outliers or --transfer/)
    await expect(
      run(['embed', at('alone.model'), at('cells.h5ad'), '-o', at('new.csv'), '-q', '--transfer', 'one']),
    ).rejects.toThrow("The model's folder tells of no cells that others could be held against.")
    await expect(run(words('own.model', '--transfer', 'one'))).rejects.toThrow('-o must end in')
    expect(existsSync(at('new.csv'))).toBe(false)
  })
})
