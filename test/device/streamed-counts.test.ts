import { afterAll, describe, expect, it } from 'vitest'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import { CHECKS } from '../../src/check/kernels/checks.js'
import type { CellRow, CellSource, Minibatch } from '../../src/device/device.js'
import type { CountsBytes } from '../../src/device/webgpu/cells/gpu-counts.js'
import { mini } from '../../src/device/webgpu/cells/gpu-minibatch.js'
import type { CountsOptions } from '../../src/device/webgpu/cells/gpu-minibatches.js'
import { nextChunk } from '../../src/device/webgpu/cells/row-facts.js'
import { bufferIfRoom } from '../../src/device/webgpu/queue/buffer-if-room.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'
import { expectNear } from './expect-near.js'
import { NO_WEBGPU, openWithBare } from './webgpu.js'

/** Whether time does not matter. */
const ALL = process.env.SCVAE_TEST_CHECKS === 'all'

const ALL_STAY: CountsOptions = {}

/** Read anew for each data set: one device serves all settings, since the driver compiles each kernel anew for each device. */
const counts: CountsOptions = {}
const opened = NO_WEBGPU === undefined ? await openWithBare(counts) : undefined
const gpu = opened?.device

if (NO_WEBGPU !== undefined) it.skip(`Streamed counts are not tested: ${NO_WEBGPU}`)

async function during<T>(options: CountsOptions, work: () => Promise<T>): Promise<T> {
  Object.assign(counts, options)
  try {
    return await work()
  } finally {
    for (const key of Object.keys(options)) delete counts[key as keyof CountsOptions]
  }
}

const cells = smallCells(150, 40)
const { nCells } = cells
const rowOf = (source: CellSource, cell: number): CellRow => {
  const [row] = source.counts.load(Int32Array.of(cell)) as readonly [CellRow]
  return row
}

/** Some stored zeros, and counts that do not go into 16 bits. */
const oddCells: CellSource = {
  ...cells,
  counts: countsInMemory(nCells, cells.nGenes, (cell) => {
    const { genes, counts: whole } = rowOf(cells, cell)
    return { genes, counts: whole.map((count, k) => (k % 7 === 3 ? 0 : k % 5 === 1 ? count * 1e5 : count)) }
  }),
}

/** Bytes of the counts of the first cells. */
const bytesOf = (source: CellSource, n: number, entryBytes: number) => {
  let bytes = 0
  for (let cell = 0; cell < n; cell++)
    bytes += entryBytes * rowOf(source, cell).counts.reduce((sum, count) => sum + Number(count !== 0), 0)
  return bytes
}

/** Weights and losses after two epochs of minibatches of two sizes, with validation, and the posterior by them. */
async function train(source: CellSource) {
  const network = smallNetwork(gpu!, source)
  const options = trainOptions({ maxEpochs: 2, batchSize: 32, validateEvery: 1, seed: 9 })
  const before = gpu!.recorder.bytesSent
  const { history } = await new Trainer(network, source, options).run()
  const bytesSent = gpu!.recorder.bytesSent - before
  const { mean, variance } = await posteriorOf(network, source)
  const weights = bits(await network.state(true))
  network.release()
  const losses = history.map(({ seconds: _, ...losses }) => losses)
  return { result: { losses, weights, mean, variance }, bytesSent }
}

// a software GPU compiles slowly
const SLOW = { timeout: 120_000 }

describe.skipIf(!gpu)('counts that do not stay on the GPU', SLOW, async () => {
  const sources = [
    { name: 'in one word', source: cells, entryBytes: 4 },
    { name: 'in two words', source: oddCells, entryBytes: 8 },
  ]
  for (const { name, source, entryBytes } of sources) {
    const expected = gpu && (await during(ALL_STAY, () => train(source)))
    const half = bytesOf(source, 70, entryBytes)

    const settings: { name: string; options: CountsOptions }[] = [
      { name: 'none stays', options: { memory: 0 } },
      { name: 'some stay, in several buffers', options: { memory: half, chunkBytes: half / 3 } },
      { name: 'two minibatches a submission', options: { memory: 0, submissionBytes: 64 * 30 * entryBytes } },
      { name: 'a submission takes less than a row', options: { memory: half, submissionBytes: 4 } },
    ]
    it.each(settings.filter((_, i) => ALL || i % 3 === 0 || entryBytes === 4))(
      `train to the same bits: entries ${name}, $name`,
      async ({ options }) => {
        const { result, bytesSent } = await during(options, () => train(source))
        expect(result).toEqual(expected!.result)
        // each cell once in each epoch's training or validation
        const sent = 2 * bytesOf(source, nCells, entryBytes) - (options.memory ? 2 * half : 0)
        expect(bytesSent - expected!.bytesSent).toBeGreaterThan(sent)
      },
    )
  }

  it('are read right by kernels that come with later submissions, and by two minibatches in turn', async () => {
    const run = async () => {
      const network = smallNetwork(gpu!, cells)
      const [first, second] = [await network.minibatch(cells), await network.minibatch(cells)]
      const fill = (batch: Minibatch, step: number, n: number) =>
        network.gather(
          batch,
          Int32Array.from({ length: n }, (_, k) => (k * 7 + step * 11) % nCells),
        )
      for (let step = 1; step <= 12; step++) {
        fill(first, step, step % 3 ? 16 : 9)
        // the step that reads these counts is submitted together with the gathering of the next
        gpu!.recorder.flush()
        fill(second, step + 5, 12)
        network.trainStep(first, { seed: 1, step, klWeight: 0.5, adam: { ...ADAM, step } })
        if (step % 4 === 0) network.evaluate(second, { seed: 1, step })
      }
      const result = { weights: bits(await network.state(true)), sums: await network.takeSums() }
      network.releaseMinibatch(first)
      network.releaseMinibatch(second)
      network.release()
      return result
    }
    const expected = await during(ALL_STAY, run)
    expect(await during({ memory: bytesOf(cells, 40, 4) }, run)).toEqual(expected)
  })

  const gathers = CHECKS.filter(({ name }) => /^(sparseLinear|countHead)[ ,]/.test(name))
  const chosen = gathers.filter(
    ({ name }, i) =>
      i % (ALL ? 4 : 20) === 0 || name.endsWith(', fetched') || (ALL && name.endsWith('missing counts')),
  )
  it.each(chosen.map((check) => [check.name, check] as const))(
    'give what the oracle says: %s',
    async (_, check) => {
      expectNear(await during({ memory: 0 }, () => check.run(gpu!)), check.expected())
    },
  )
})

/** Leaves so many bytes for counts: a buffer past them is asked for at a size that the driver refuses. */
function leaveRoom(bare: GPUDevice, bytes: number) {
  const create = bare.createBuffer.bind(bare)
  const room = { left: bytes, refused: 0 }
  bare.createBuffer = (descriptor) => {
    if (descriptor.label !== 'counts') return create(descriptor)
    const { size } = descriptor
    if (size > room.left) {
      room.refused++
      return create({ ...descriptor, size: bare.limits.maxBufferSize })
    }
    room.left -= size
    const buffer = create(descriptor)
    const destroy = buffer.destroy.bind(buffer)
    buffer.destroy = () => {
      room.left += size
      destroy()
    }
    return buffer
  }
  return room
}

/** Bytes that are written from now on, by the labels of the buffers. */
function writesOf(bare: GPUDevice): () => Record<string, number> {
  const written: Record<string, number> = {}
  const { queue } = bare
  const write = queue.writeBuffer.bind(queue) as (...args: unknown[]) => undefined
  Object.defineProperty(bare, 'queue', { value: queue })
  queue.writeBuffer = (buffer: GPUBuffer, at: number, words: ArrayBufferView, ...range: number[]) => {
    const size = range[1] ?? words.byteLength / 4 - (range[0] ?? 0)
    written[buffer.label] = (written[buffer.label] ?? 0) + 4 * size
    return write(buffer, at, words, ...range)
  }
  return () => ({ ...written })
}

describe.skipIf(!gpu)('counts on a GPU', SLOW, async () => {
  /** A minibatch of `cells` for a look at how many of them stay. */
  async function look(options: CountsOptions, room?: number) {
    const told: CountsBytes[] = []
    const { device, bare } = await openWithBare({ ...options, onStreamed: (bytes) => told.push(bytes) })
    const left = room === undefined ? undefined : leaveRoom(bare, room)
    const [batch, again] = [await device.minibatch(cells, 10), await device.minibatch(cells, 10)]
    const { kept, chunks } = mini(batch).cells.counts
    device.release(batch)
    device.gather(again, Int32Array.of(3, 140, 77))
    await device.settle()
    device.release(again)
    await device.dispose()
    return { kept, chunks: chunks.length, told, left }
  }
  const all = bytesOf(cells, nCells, 4)

  it('stay there where there is room', async () => {
    expect(await look({})).toMatchObject({ kept: nCells, chunks: 1, told: [] })
    expect(await look({ memory: all })).toMatchObject({ kept: nCells, told: [] })
  })

  it('stay there up to the bytes given, which is told once', async () => {
    const kept = bytesOf(cells, 50, 4)
    expect(await look({ memory: kept + 3 })).toMatchObject({ kept: 50, chunks: 1, told: [{ kept, all }] })
    expect(await look({ memory: all - 1 })).toMatchObject({ kept: nCells - 1 })
    expect(await look({ memory: 0 })).toMatchObject({ kept: 0, chunks: 0, told: [{ kept: 0, all }] })
  })

  it('are shared by sources of the same counts, each with covariates of its own', async () => {
    const { device, bare } = await openWithBare({})
    const sent = writesOf(bare)
    const decoded = { ...cells, categorical: [new Int32Array(nCells).fill(1)] }
    const backwards = { ...cells, rows: Int32Array.from({ length: nCells }, (_, cell) => nCells - 1 - cell) }
    const first = await device.minibatch(cells, 10)
    expect(sent().counts).toBe(all)
    const facts = sent().cells!
    const others = [await device.minibatch(decoded, 10), await device.minibatch(backwards, 10)]
    expect(sent()).toMatchObject({ counts: all, cells: 3 * facts })
    // with the last of them they go
    device.release(first, others[0]!)
    device.gather(others[1]!, Int32Array.of(3, 140, 77))
    await device.settle()
    device.release(others[1]!)
    device.release(await device.minibatch(decoded, 10))
    expect(sent().counts).toBe(2 * all)
    await device.dispose()
  })

  it('stay there as far as its memory goes', async (context) => {
    const { device, bare } = await openWithBare({})
    const largest = await bufferIfRoom(bare, 'largest', bare.limits.maxBufferSize)
    largest?.destroy()
    await device.dispose()
    if (largest) return context.skip('This GPU has room for its largest buffer.')
    const room = 0.8 * all
    const { kept, chunks, told, left } = await look({}, room)
    expect(left!.refused).toBeGreaterThan(1)
    expect(left!.left).toBe(room)
    expect(chunks).toBeGreaterThan(1)
    expect(told).toEqual([{ kept: bytesOf(cells, kept, 4), all }])
    // no smaller buffer was tried than a sixteenth of the first
    expect(told[0]!.kept).toBeGreaterThan(room - all / 8)
    expect(await look({}, 0)).toMatchObject({ kept: 0, told: [{ kept: 0, all }], left: { left: 0 } })
  })
})

describe('a run of rows', () => {
  it('takes as many as fit, none where the first does not', () => {
    const lengths = Uint32Array.of(3, 0, 4, 5, 1)
    expect(nextChunk(lengths, 0, 7)).toEqual({ first: 0, end: 3, entries: 7 })
    expect(nextChunk(lengths, 3, 7)).toEqual({ first: 3, end: 5, entries: 6 })
    expect(nextChunk(lengths, 2, 3)).toEqual({ first: 2, end: 2, entries: 0 })
    expect(nextChunk(lengths, 0, Number.POSITIVE_INFINITY).end).toBe(5)
  })
})

afterAll(() => gpu?.dispose())
