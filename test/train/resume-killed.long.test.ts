import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

// a process that trains with a checkpoint after each epoch and says when one is done
const CHILD = `
import { createCpuDevice, readAnnData, SCVI } from ${JSON.stringify(pathToFileURL(resolve('dist/src/index.js')).href)}
const [, , folder, resume, epochs] = process.argv
const adata = await readAnnData('data/demo.h5ad')
const device = await createCpuDevice({ threads: 2 })
const cells = Int32Array.from({ length: 600 }, (_, i) => i)
const model = await SCVI.create(adata, { batchKey: 'batch', cells, device, model: { nHidden: 32 } })
const summary = await model.train({
  maxEpochs: Number(epochs),
  validateEvery: 1,
  klWarmup: 2,
  checkpoint: { directory: folder, everySeconds: 0 },
  ...(resume === 'resume' ? { resume: folder } : {}),
  onEpoch: ({ epoch }) => process.stdout.write('epoch ' + epoch + '\\n'),
})
await model.save(folder + '.model', { overwrite: true })
process.stdout.write('best ' + summary.bestEpoch + '\\n')
await device.dispose()
`

describe.skipIf(!existsSync('dist/src/index.js'))('a training run that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-kill-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function child(name: string, resume: 'start' | 'resume', killAfter = Number.POSITIVE_INFINITY) {
    const script = join(folder, 'train.mjs')
    writeFileSync(script, CHILD)
    const words = [script, join(folder, name), resume, '14']
    const running = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    return new Promise<{ signal: NodeJS.Signals | null; epochs: number[] }>((done, failed) => {
      let said = ''
      running.stdout.on('data', (chunk) => {
        said += chunk
        if (said.split('epoch ').length > killAfter) running.kill('SIGKILL')
      })
      running.on('error', failed)
      running.on('close', (_, signal) =>
        done({ signal, epochs: [...said.matchAll(/epoch (\d+)/g)].map((m) => Number(m[1])) }),
      )
    })
  }
  const weights = (name: string) =>
    readFileSync(join(folder, `${name}.model`, 'weights.safetensors')).toString('base64')

  it('goes on from its checkpoint to the same weights', async () => {
    expect((await child('whole', 'start')).epochs.length).toBe(14)
    const killed = await child('killed', 'start', 5)
    expect(killed.signal).toBe('SIGKILL')
    const resumed = await child('killed', 'resume')
    expect(resumed.signal).toBeNull()
    expect(resumed.epochs[0]).toBeGreaterThan(1)
    expect(resumed.epochs.at(-1)).toBe(14)
    expect(weights('killed') === weights('whole')).toBe(true)
  }, 60_000)
})
