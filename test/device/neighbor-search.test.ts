import { afterAll, describe, expect, it } from 'vitest'
import { nearestByPairs } from '../../src/check/kernels/neighbor-checks.js'
import { Draws } from '../../src/check/oracle/draws.js'
import { type SearchLimits, searchNearestRows } from '../../src/device/webgpu/kernels/neighbor-search.js'
import { adapterNames, nodeGpu } from '../../src/device/webgpu/open/node-gpu.js'
import { MAP_READ } from '../../src/device/webgpu/queue/flags.js'
import { KernelContext } from '../../src/device/webgpu/queue/kernel-context.js'
import { Recorder } from '../../src/device/webgpu/queue/recorder.js'
import { NO_WEBGPU } from './webgpu.js'

if (NO_WEBGPU !== undefined) it.skip(`The search of WebGPU is not tested: ${NO_WEBGPU}`)

async function rawDevice(): Promise<GPUDevice> {
  const { backend, name } = (await adapterNames())[0]!
  const gpu = await nodeGpu([`backend=${backend}`, `adapter=${name}`])
  return (await gpu.requestAdapter())!.requestDevice()
}

describe.skipIf(NO_WEBGPU !== undefined)(
  'search of nearest rows by WebGPU',
  { timeout: 120_000 },
  async () => {
    const gpu = NO_WEBGPU === undefined ? await rawDevice() : undefined
    const recorder = gpu && new Recorder(gpu)
    const context = gpu && new KernelContext(gpu, recorder!)
    afterAll(() => gpu?.destroy())

    const [rows, columns, k] = [333, 10, 20]
    const values = new Draws(5).normals(rows * columns)

    /** Lists of all rows, rank by rank, the stretches they came in, and what was submitted for them. */
    async function search(limits: SearchLimits) {
      const lists = new Uint32Array(rows * k)
      const farthest = new Float32Array(rows)
      const stretches: number[] = []
      const { submissions } = recorder!
      const contents = async (staging: GPUBuffer) => {
        await staging.mapAsync(MAP_READ)
        const bytes = staging.getMappedRange().slice(0)
        staging.unmap()
        return bytes
      }
      for await (const found of searchNearestRows(context!, contents, limits, { values, rows, columns }, k)) {
        const { first, count } = found
        stretches.push(first)
        for (let rank = 0; rank < k; rank++) {
          lists.set(found.rows.subarray(rank * count, (rank + 1) * count), rank * rows + first)
        }
        farthest.set(found.farthest, first)
      }
      return { lists, farthest, stretches, submissions: recorder!.submissions - submissions }
    }

    // rows of 10 columns are padded to 12
    const generous = { rows: 1000, listWords: 1e6, work: 1e9, bufferBytes: 1e6 }
    const staged = 80

    const expected = nearestByPairs(values, { rows, columns, k })

    it.each<{ name: string; limits: SearchLimits; stretches: number[]; submissions: number }>([
      { name: 'everything at once', limits: generous, stretches: [0], submissions: 1 },
      {
        name: 'rows in blocks',
        limits: { ...generous, rows: 100 },
        stretches: [0, 100, 200, 300],
        submissions: 4,
      },
      {
        name: 'blocks by the length of their lists',
        limits: { ...generous, listWords: 150 * k + 1 },
        stretches: [0, 150, 300],
        submissions: 3,
      },
      {
        name: 'candidates in stretches',
        limits: { ...generous, work: 333 * 12 * staged * 2 },
        stretches: [0],
        submissions: 3,
      },
      {
        name: 'the table in several buffers, rows and candidates in stretches',
        limits: { rows: 64, listWords: 1e6, work: 64 * 12 * staged, bufferBytes: 130 * 48 },
        stretches: [0, 64, 128, 130, 194, 258, 260, 324],
        // stretches of 80 candidates in buffers of 130, 130 and 73, longer ones for blocks of few rows
        submissions: 5 * 5 + 3 * 3,
      },
    ])('finds them with $name', async ({ limits, stretches, submissions }) => {
      const found = await search(limits)
      expect(found.stretches).toEqual(stretches)
      expect(Array.from(found.lists)).toEqual(Array.from(expected.lists))
      for (const [i, squared] of found.farthest.entries()) {
        expect(Math.abs(squared / expected.farthest[i]! - 1)).toBeLessThan(14 * 2 ** -23)
      }
      expect(found.submissions).toBe(submissions)
    })
  },
)
