import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { scvae, temporaryFolder, writeFixture } from './scvae.js'

const SHORT = '--max-epochs 2 --no-umap --resolution 3'.split(' ')

describe('what fit says to do next', { timeout: 120_000 }, () => {
  const folder = temporaryFolder()
  beforeAll(() => writeFixture(join(folder, 'cells.h5ad'), { nCells: 300, nGenes: 100, empty: [3] }))

  const fitted = async (words: string) => {
    const { code, stderr } = await scvae(['fit', ...words.split(' '), ...SHORT], folder)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const [, ...next] = stderr.trimEnd().slice(stderr.indexOf('next:')).split('\n')
    // a test that npx runs has the command called by npx too
    return next.map((line) => line.trim().replace(/^npx /, ''))
  }

  const works = async (lines: readonly string[]) => {
    for (const line of lines) {
      const { code, stderr } = await scvae(line.split(' ').slice(1), folder)
      expect({ line, code, stderr }).toMatchObject({ code: 0 })
    }
  }

  it('works as it is printed, with batches and without, also the second time', async () => {
    const plain = await fitted('cells.h5ad -o a')
    expect(plain).toEqual([
      'scvae de a.model a.h5ad --groupby scvae_leiden -o a',
      'scvae diagnose a.model a.h5ad -o a',
    ])
    await works(plain)
    const batches = await fitted('cells.h5ad --batch-key batch --obsm-key X_b -o a --overwrite')
    expect(batches).toEqual([
      'scvae de a.model a.h5ad --groupby scvae_leiden -o a --overwrite',
      'scvae evaluate a.h5ad --batch-key batch --labels-key scvae_leiden --embedding X_b -o a',
    ])
    await works(batches)
  })

  it('is nothing where the counts would have to be looked for', async () => {
    const { code, stderr } = await scvae(['fit', 'cells.h5ad', '-o', 'c', '--no-copy', ...SHORT], folder)
    expect(code).toBe(0)
    expect(stderr).not.toContain('next:')
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toContain('next:\n')
  })
})
