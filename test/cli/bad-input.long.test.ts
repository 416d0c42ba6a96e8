import { chmodSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { setEncoding, writeDataFrame } from '../../src/anndata/write/parts.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const inputs = temporaryFolder()
const at = (name: string) => join(inputs, name)

beforeAll(async () => {
  await writeFixture(at('good.h5ad'))
  writeFileSync(at('text.h5ad'), 'cell,gene\n1,2\n')
  await writeFixture(at('truncated.h5ad'))
  truncateSync(at('truncated.h5ad'), 20_000)
  await withH5File(at('no-x.h5ad'), 'w', (file) => {
    setEncoding(file, 'anndata', '0.1.0')
    writeDataFrame(file, 'obs', ['a', 'b'], [])
    writeDataFrame(file, 'var', ['g', 'h'], [])
  })
  await writeFixture(at('nan.h5ad'), {
    change: (counts) => {
      counts[7] = Number.NaN
    },
  })
  await writeFixture(at('negative.h5ad'), {
    change: (counts) => {
      counts[7] = -1
    },
  })
  await writeFixture(at('huge.h5ad'), {
    change: (counts) => {
      counts[7] = 2 ** 40
    },
  })
  await writeFixture(at('log.h5ad'), {
    change: (counts) => {
      for (let i = 0; i < counts.length; i++) counts[i] = Math.log1p(counts[i]!)
    },
  })
  await writeFixture(at('empty.h5ad'), { empty: Array.from({ length: 120 }, (_, i) => i) })
})

interface Refusal {
  name: string
  words: string[]
  code: number
  sentence: RegExp
}

const REFUSALS: Refusal[] = [
  {
    name: 'a missing file',
    words: ['nothere.h5ad'],
    code: 65,
    sentence: /There is no file ".*nothere\.h5ad"/,
  },
  { name: 'a file that is not HDF5', words: ['text.h5ad'], code: 65, sentence: /is not an HDF5 file/ },
  {
    name: 'a truncated file',
    words: ['truncated.h5ad'],
    code: 65,
    sentence: /is cut short: it has 20000 bytes/,
  },
  { name: 'a file without X', words: ['no-x.h5ad'], code: 65, sentence: /has no X/ },
  { name: 'NaN', words: ['nan.h5ad'], code: 65, sentence: /X holds no counts: .* is NaN/ },
  {
    name: 'a negative value',
    words: ['negative.h5ad'],
    code: 65,
    sentence: /X holds no counts: .* is -1, below zero/,
  },
  { name: 'log values', words: ['log.h5ad'], code: 65, sentence: /not an integer.*log-transformed/ },
  {
    name: 'an unknown batch key',
    words: ['good.h5ad', '--batch-key', 'bach'],
    code: 65,
    sentence: /has no obs column "bach"\. Its obs columns, nearest first: batch, /,
  },
  {
    name: 'a batch column with one category',
    words: ['good.h5ad', '--batch-key', 'one'],
    code: 65,
    sentence: /all cells have the value "same" in the batch column "one"/,
  },
  { name: 'cells without any count', words: ['empty.h5ad'], code: 65, sentence: /no cell has a count in X/ },
  {
    name: 'an unknown subset value',
    words: ['good.h5ad', '--subset', 'batch=batch_9'],
    code: 65,
    sentence: /no cell has the value "batch_9".*nearest first: batch_1, batch_2/,
  },
  {
    name: 'a subset that no cell is in',
    words: ['good.h5ad', '--subset', 'batch=batch_1', '--subset', 'one=diff'],
    code: 65,
    sentence: /no cell has the value "diff"/,
  },
  {
    name: 'text as a continuous covariate',
    words: ['good.h5ad', '--continuous-covariate', 'cell_type'],
    code: 65,
    sentence: /"cell_type" holds text/,
  },
  {
    name: 'a count that float32 does not hold',
    words: ['huge.h5ad'],
    code: 65,
    sentence:
      /the value of cell "\S+" and gene "(\S+)" is 1099511627776, more than .* a\[:, a\.var_names != '\1'\]/,
  },
  {
    name: 'an unknown layer',
    words: ['good.h5ad', '--layer', 'counts'],
    code: 65,
    sentence: /has no layer "counts"/,
  },
]

describe('scvae fit refuses', () => {
  it.each(REFUSALS)('$name in one sentence, and leaves nothing', async ({ words, code, sentence }) => {
    const folder = join(inputs, `run-${words.join('-').replace(/\W+/g, '-')}`)
    mkdirSync(folder)
    const [file, ...options] = words
    const result = await scvae(['fit', at(file!), '-o', 'out', ...options], folder)
    expect(result.stderr).toMatch(sentence)
    expect(result.stderr.match(/^scvae: /gm)).toHaveLength(1)
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(result.stdout).toBe('')
    expect(result.code).toBe(code)
    expect(namesIn(folder)).toEqual([])
  })

  it('an output that exists, and leaves it as it was', async () => {
    const folder = join(inputs, 'existing')
    mkdirSync(folder)
    writeFileSync(join(folder, 'out_metrics.json'), 'mine')
    const result = await scvae(['fit', at('good.h5ad'), '-o', 'out'], folder)
    expect(result.stderr).toBe(
      'scvae: "out_metrics.json" exists already. Use --overwrite to replace it, or another prefix with -o.\n',
    )
    expect(result.code).toBe(2)
    expect(namesIn(folder)).toEqual(['out_metrics.json'])
    expect(readFileSync(join(folder, 'out_metrics.json'), 'utf8')).toBe('mine')
  })

  it('a checkpoint of a run that did not finish, naming the ways on', async () => {
    const folder = join(inputs, 'unfinished')
    mkdirSync(join(folder, 'out.checkpoint'), { recursive: true })
    const result = await scvae(['fit', at('good.h5ad'), '-o', 'out'], folder)
    expect(result.stderr).toContain('Use --resume to go on from it, or --overwrite to start anew.')
    expect(result.code).toBe(2)
  })

  it('to resume where there is no checkpoint', async () => {
    const result = await scvae(['fit', at('good.h5ad'), '-o', 'none', '--resume'], inputs)
    expect(result.stderr).toContain('There is no checkpoint "none.checkpoint" to resume from.')
    expect(result.code).toBe(2)
  })

  it('to write to its input', async () => {
    const before = readFileSync(at('good.h5ad'))
    const result = await scvae(['fit', 'good.h5ad', '-o', './good', '--overwrite'], inputs)
    expect(result.stderr).toContain('is the input file, which is never written to')
    expect(result.code).toBe(2)
    expect(readFileSync(at('good.h5ad')).equals(before)).toBe(true)
  })

  it('bad input for a folder that does not exist, and leaves none', async () => {
    const result = await scvae(['fit', at('nan.h5ad'), '-o', 'no/such/out'], inputs)
    expect(result.code).toBe(65)
    expect(existsSync(at('no'))).toBe(false)
  })

  it('a folder that cannot be written to', async (context) => {
    const folder = join(inputs, 'locked')
    mkdirSync(folder)
    chmodSync(folder, 0o555)
    // permissions do not bind root; nobody can write to /proc
    const target = process.getuid?.() === 0 ? '/proc' : folder
    if (!existsSync(target)) context.skip('no folder here that root cannot write to')
    const result = await scvae(['fit', at('good.h5ad'), '-o', join(target, 'out')])
    expect(result.stderr).toMatch(/The folder ".*" cannot be written to \(E\w+\)\./)
    expect(result.code).toBe(1)
    expect(namesIn(folder)).toEqual([])
  })
})
