import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/command-line.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae tune', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const tune = (...words: string[]) =>
    run(['tune', at('cells.h5ad'), '-q', '--threads', '1', '--max-epochs', '10', ...words])
  const GRID = ['--n-latent', '2,3', '--n-hidden', '8', '--batch-key', 'batch']

  beforeAll(() => writeFixture(at('cells.h5ad'), { nCells: 150, nGenes: 30, empty: [4] }))

  it('writes what candidates came to, and the command for the best', async () => {
    await tune(...GRID, '--seed', '2', '-o', at('one'))
    const read = (name: string) => readFileSync(at(name), 'utf8')
    const { candidates, rungs, command, verdict } = JSON.parse(read('one_tune.json'))
    expect(candidates.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2])
    expect(rungs).toMatchObject([
      { max_epochs: 10, trials: [{ id: candidates[0].id }, { id: candidates[1].id }] },
    ])
    expect(command).toBe(
      `scvae fit ${at('cells.h5ad')} --batch-key batch --max-epochs 10 --seed 2 --n-latent ${candidates[0].n_latent} --n-hidden 8 -o ${at('one')}`,
    )
    expect(read('one_tune.csv').trim().split('\n')).toHaveLength(3)
    const page = read('one_tune.html')
    expect([verdict, `--n-latent ${candidates[0].n_latent}`].filter((text) => !page.includes(text))).toEqual(
      [],
    )
    // the words of the command are those of a fit
    await run([...command.split(' ').slice(1), '-q', '--no-umap', '--threads', '1'])
    expect(JSON.parse(read('one_metrics.json')).model).toMatchObject({
      n_latent: candidates[0].n_latent,
      n_hidden: 8,
    })
  })

  it.each<[string[], number, string]>([
    [['--n-latent', '2,x'], 2, 'nLatent'],
    [['--n-latent', '2,2'], 2, 'more than once'],
    [['--likelihood', 'nb,normal'], 2, '--likelihood takes some of'],
    [['--encode-covariates', 'maybe'], 2, '--encode-covariates takes some of no, yes'],
    [['--train-size', '1'], 2, '--train-size 1 leaves none'],
    [['--batch-key', 'none'], 65, 'none'],
  ])('refuses %j, exit %i', async (words, exitCode, message) => {
    const before = namesIn(folder)
    await expect(tune(...words, '-o', at('refused'))).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    })
    expect(namesIn(folder)).toEqual(before)
  })
})
