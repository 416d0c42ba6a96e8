import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import type { Column } from '../../src/anndata/frame/column.js'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { run } from '../../src/cli/command-line.js'
import { ScvaeError } from '../../src/errors.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, obsm, temporaryFolder } from './scvae.js'

const N = 240

describe('scvae abundance', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const abundance = (...words: string[]) =>
    run(['abundance', at('own.model'), at('cells.h5ad'), '-q', '--threads', '1', ...words])
  const rows = (name: string) =>
    readFileSync(at(name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','))

  beforeAll(async () => {
    const { counts, obs, obsNames, varNames } = simulateCells({
      nCells: N,
      nGenes: 40,
      density: 0.3,
      seed: 5,
    })
    const text = (value: (cell: number) => string): Column => {
      const values = Array.from({ length: N }, (_, cell) => value(cell))
      const categories = [...new Set(values)].sort()
      return { kind: 'category', categories, codes: values.map((one) => categories.indexOf(one)) }
    }
    await writeAnnData(at('cells.h5ad'), {
      counts,
      obs: {
        type: text((cell) => obs.cell_type[cell]!),
        donor: text((cell) => `d${cell % 4}`),
        condition: text((cell) => (cell % 4 < 2 ? 'ctrl' : 'stim')),
        one: text(() => 'same'),
      },
      obsNames,
      varNames,
    })
    await using model = await SCVI.create(await readAnnData(at('cells.h5ad')), { nHidden: 8, nLatent: 3 })
    await model.train({ maxEpochs: 3 })
    await model.save(at('own.model'))
  }, 60_000)

  it('writes densities, the comparison and the tables of labels', async () => {
    await abundance(
      '--sample-key',
      'donor',
      '--groupby',
      'condition',
      '--labels-key',
      'type',
      '-o',
      at('out'),
    )
    const file = await readAnnData(at('out_abundance.h5ad'))
    await using model = await SCVI.load(at('own.model'), await readAnnData(at('cells.h5ad')))
    const asked = { sampleKey: 'donor', groupBy: 'condition', labelsKey: 'type' }
    const { logDensities, comparison, labels } = await model.differentialAbundance(asked)
    expect(Array.from(await obsm(at('out_abundance.h5ad'), 'scvae_abundance'))).toEqual([
      ...logDensities.values,
    ])
    const column = (name: string) => Array.from(file.obs.getChild(name)!, Number)
    expect(column('scvae_abundance')).toEqual([...comparison!.effect])
    expect(column('scvae_abundance_p')).toEqual([...comparison!.p])
    expect(column('scvae_abundance_fdr')).toEqual([...comparison!.adjustedP])
    const [header, ...byLabel] = rows('out_abundance.csv')
    expect(header).toEqual(['label', 'n_cells', 'share1', 'share2', 'log2_odds_ratio', 'p', 'p_adjusted'])
    expect(byLabel.map(([label]) => label)).toEqual([...labels!.labels])
    expect(byLabel.reduce((sum, row) => sum + Number(row[1]), 0)).toBe(N)
    expect(byLabel.reduce((sum, row) => sum + Number(row[2]), 0)).toBeCloseTo(1, 10)
    expect(byLabel.map((row) => Number(row[4]))).toEqual([...labels!.difference!.effect])
    const [names, ...bySample] = rows('out_abundance_samples.csv')
    expect(names).toEqual(['label', 'sample', 'condition', 'n_cells', 'share'])
    expect(bySample).toHaveLength(4 * labels!.labels.length)
    expect(bySample[2]!.slice(0, 3)).toEqual([labels!.labels[0], 'd2', 'stim'])
    const ofD2 = bySample.filter((row) => row[1] === 'd2').map((row) => Number(row[4]))
    expect(ofD2.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10)
  })

  it('compares samples without conditions, and part of the cells', async () => {
    await abundance('--sample-key', 'donor', '--subset', 'donor=d0', '--subset', 'donor=d1', '-o', at('two'))
    const file = await readAnnData(at('two_abundance.h5ad'))
    expect(file.obs.getChild('scvae_abundance')).toBeNull()
    const densities = Array.from(await obsm(at('two_abundance.h5ad'), 'scvae_abundance'))
    expect(densities).toHaveLength(2 * N)
    expect(densities.slice(4, 8)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
    await abundance('--sample-key', 'donor', '--dof', 'normal', '--labels-key', 'type', '-o', at('normal'))
    expect(Array.from(await obsm(at('normal_abundance.h5ad'), 'scvae_abundance')).slice(0, 4)).not.toEqual(
      Array.from(await obsm(at('out_abundance.h5ad'), 'scvae_abundance')).slice(0, 4),
    )
    expect(rows('normal_abundance.csv')[0]).toEqual(['label', 'n_cells', 'share'])
  })

  it('refuses in a sentence and leaves nothing behind', async () => {
    writeFileSync(at('there_abundance.h5ad'), '')
    const before = namesIn(folder)
    const refused = async (words: string, kind: string, sentence: RegExp, output = 'new') => {
      const error = await abundance(...words.split(' '), '-o', at(output)).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(ScvaeError)
      expect([(error as ScvaeError).kind, (error as ScvaeError).message]).toEqual([
        kind,
        expect.stringMatching(sentence),
      ])
      expect(namesIn(folder)).toEqual(before)
    }
    await refused('--sample-key no', 'bad-input', /has no obs column "no"/)
    await refused('--sample-key one', 'bad-input', /has 1 sample of at least 10 cells/)
    await refused('--sample-key donor --groupby no', 'bad-input', /has no obs column "no"/)
    await refused('--sample-key donor --groupby one', 'bad-input', /has one condition, "same"/)
    await refused('--sample-key donor --groupby condition --group x', 'bad-input', /in the condition "x"/)
    await refused('--sample-key donor --labels-key no', 'bad-input', /has no obs column "no"/)
    await refused(
      '--sample-key donor --groupby condition --subset donor=d0 --subset donor=d2 --subset donor=d3',
      'bad-input',
      /The condition "ctrl" has 1 sample of at least 10 cells; a comparison needs two of each/,
    )
    await refused('--sample-key donor --group stim', 'usage', /told apart by groupBy/)
    await refused('--sample-key donor --dof x', 'usage', /--dof must be a number or normal, not "x"/)
    await refused('--sample-key donor --posterior-cells 3', 'usage', /whole number of at least 10/)
    await refused('--sample-key donor', 'usage', /exists/, 'there')
  })
})
