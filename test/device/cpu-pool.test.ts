import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const compiled = (file: string) => JSON.stringify(pathToFileURL(resolve('dist/src', file)).href)

/** Runs a script in a process of its own, which a thread that waits for ever cannot hold up; gives what it printed as JSON. */
function inProcess(script: string): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 25_000,
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

/**
 * A pool of two threads of the WebAssembly build. `half(start)` calls a kernel on 512 rows of 16 that start at a word: the calling
 * thread has the first 4096 words, the worker the others. `attempt` gives what is thrown.
 */
const POOL = `
  import { ThreadPool } from ${compiled('device/cpu/pool.js')}
  import { CpuTensor } from ${compiled('device/cpu/cpu-tensor.js')}
  import { KERNELS, MOST_WORDS } from ${compiled('device/cpu/kernel-arguments.js')}
  const workers = []
  process.on('worker', (worker) => workers.push(worker))
  const pool = await ThreadPool.start(${JSON.stringify(resolve('dist/kernels/kernels.wasm'))}, 2)
  const { arena } = pool
  const at = arena.allocate(MOST_WORDS)
  const inside = arena.allocate(8192)
  const end = arena.memory.buffer.byteLength / 4
  const half = (start) => {
    const output = new CpuTensor(512, 16, start)
    const gradients = { outputGradient: output, inputGradient: output }
    KERNELS.reluDropoutGradient.pack(arena, at, { cells: 512, width: 16, output, rate: 0.5, ...gradients })
    pool.run(KERNELS.reluDropoutGradient.number, at)
  }
  const attempt = (start) => {
    try {
      half(start)
      return 'done'
    } catch (error) {
      return { name: error.name, kind: error.kind, message: error.message, cause: error.cause?.name }
    }
  }
`

const failure = (where: string) =>
  `The kernel reluDropoutGradient failed on the CPU device, in ${where}; the device cannot be used any more.`

describe('the thread pool', () => {
  it('says that a worker has trapped, runs nothing more, and ends', () => {
    const [before, trapped, after] = inProcess(`${POOL}
      arena.floats.fill(2, inside, inside + 8192)
      half(inside)
      const ok = arena.floats.subarray(inside, inside + 8192).every((x) => x === 4)
      const results = [ok, attempt(end - 4096), attempt(inside)]
      await pool.dispose()
      console.log(JSON.stringify(results))
    `) as unknown[]
    expect(before).toBe(true)
    expect(trapped).toEqual({ name: 'ScvaeError', kind: 'failed', message: failure('a worker thread') })
    expect(after).toEqual(trapped)
  })

  it('says that the calling thread has trapped', () => {
    const [trapped, after] = inProcess(`${POOL}
      const results = [attempt(end - 64), attempt(inside)]
      await pool.dispose()
      console.log(JSON.stringify(results))
    `) as unknown[]
    const message = failure('the calling thread')
    expect(trapped).toEqual({ name: 'ScvaeError', kind: 'failed', message, cause: 'RuntimeError' })
    expect(after).toEqual(trapped)
  })

  it('says that a worker has gone', () => {
    const [before, after] = inProcess(`${POOL}
      const results = [attempt(inside)]
      await workers[0].terminate()
      results.push(attempt(inside))
      await pool.dispose()
      console.log(JSON.stringify(results))
    `) as unknown[]
    expect(before).toBe('done')
    expect(after).toEqual({ name: 'ScvaeError', kind: 'failed', message: failure('a worker thread') })
  })

  it('runs nothing once disposed of, and takes that twice', () => {
    const after = inProcess(`${POOL}
      await pool.dispose()
      await pool.dispose()
      console.log(JSON.stringify(attempt(inside)))
    `)
    const message = 'The CPU device has been disposed of and computes nothing more.'
    expect(after).toEqual({ name: 'ScvaeError', kind: 'failed', message })
  })
})

it('V8 is left as it is by importing the library, until a device is made', () => {
  const [before, after] = inProcess(`
    import v8 from 'node:v8'
    import { syncBuiltinESMExports } from 'node:module'
    const flags = []
    const set = v8.setFlagsFromString
    v8.setFlagsFromString = (flag) => {
      flags.push(flag)
      set(flag)
    }
    syncBuiltinESMExports()
    const { createCpuDevice } = await import(${compiled('index.js')})
    const before = [...flags]
    await (await createCpuDevice({ threads: 1 })).dispose()
    console.log(JSON.stringify([before, flags]))
  `) as string[][]
  expect(before).toEqual([])
  expect(after).toEqual(process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [])
})
