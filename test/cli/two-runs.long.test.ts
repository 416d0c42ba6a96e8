import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namesIn, scvae, start, temporaryFolder, writeFixture } from './scvae.js'

describe('two runs on one prefix', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const words = 'fit input.h5ad -o runs/out --no-umap --no-early-stopping --max-epochs 5000'.split(' ')

  it('the second is refused at once and names the first; a killed one is in no way', async () => {
    await writeFixture(join(folder, 'input.h5ad'))
    const first = start(words, folder)
    await first.said('fitting')
    const { pid } = JSON.parse(readFileSync(join(folder, 'runs/out.lock'), 'utf8'))
    const second = await scvae([...words, '--overwrite'], folder)
    expect(second.stderr).toMatch(
      new RegExp(
        `^scvae: Another run writes to "runs/out": process ${pid}, since \\S+ \\(scvae ${words.join(' ')}\\)\\.`,
      ),
    )
    expect(second.code).toBe(2)
    first.kill('SIGKILL')
    await first.finished
    expect(namesIn(join(folder, 'runs'))).toContain('out.lock')

    const third = start([...words, '--overwrite'], folder)
    await third.said('epoch ', 2)
    third.kill('SIGINT')
    expect((await third.finished).code).toBe(130)
    expect(namesIn(join(folder, 'runs'))).toEqual(['out.checkpoint', 'out.log'])
  })

  it('a signal while the file is read takes the lock away too', async () => {
    const run = start([...words.slice(0, 3), 'early', ...words.slice(4)], folder)
    await expect
      .poll(() => namesIn(folder).includes('early.lock'), { timeout: 20_000, interval: 5 })
      .toBe(true)
    run.kill('SIGTERM')
    await run.finished
    expect(namesIn(folder)).not.toContain('early.lock')
  })
})
