/**
 * What the host spends on counts that do not stay on the GPU: packing the rows of a minibatch, and all that filling one takes.
 *
 *     npm run build && node bench/streaming.mjs [--json result.json]
 *
 * Only the host's time is looked at, so a software GPU does.
 */

import { countsInMemory } from '../dist/src/cells/counts-in-memory.js'
import { EntryWords } from '../dist/src/device/webgpu/cells/row-words.js'
import { openWebgpu } from '../dist/src/device/webgpu/open/open-webgpu.js'
import { CountMatrix } from '../dist/src/index.js'
import { Random } from '../dist/src/numeric/random.js'
import { list, numbers, options } from './lib/options.mjs'
import { figure, machine, printTable, writeJson } from './lib/output.mjs'
import { randomCells } from './training/training-step.mjs'

const flags = options('What the host spends on counts that are sent to the GPU with each minibatch.', {
  data: '2000:0.1,20000:0.05',
  batch: '128',
  cells: '4096',
  repeats: '15',
  device: '',
})
const repeats = Number(flags.repeats)
const number = flags.device === '' ? undefined : Number(flags.device)
/** A little less than what the device sends with one submission. */
const MEGABYTES_AT_ONCE = 4

/** A source whose counts lie as a file leaves them in memory: one block of sparse rows. */
function inOneBlock(source) {
  const rows = source.counts.load(Int32Array.from({ length: source.nCells }, (_, cell) => cell))
  const offsets = new Int32Array(rows.length + 1)
  for (const [i, { genes }] of rows.entries()) offsets[i + 1] = offsets[i] + genes.length
  const nonzeros = offsets[rows.length]
  const block = {
    firstCell: 0,
    nCells: rows.length,
    offsets,
    genes: new Int32Array(nonzeros),
    counts: new Float32Array(nonzeros),
  }
  for (const [i, { genes, counts }] of rows.entries()) {
    block.genes.set(genes, offsets[i])
    block.counts.set(counts, offsets[i])
  }
  const matrix = new CountMatrix(source.nGenes, [block])
  return { ...source, counts: countsInMemory(source.nCells, source.nGenes, (cell) => matrix.row(cell)) }
}

/**
 * Microseconds a batch: the fastest of the repeats, since other programs only add. Each does as many batches as one submission takes.
 *
 * @param work what is timed
 * @param after what is not: waiting for the GPU, which may be the same processor
 */
async function microseconds(batches, megabytes, work, after = async () => {}) {
  const atOnce = Math.max(1, Math.floor(MEGABYTES_AT_ONCE / megabytes))
  const times = []
  for (let r = 0; r <= repeats; r++) {
    const some = Array.from({ length: atOnce }, (_, i) => batches[(r * atOnce + i) % batches.length])
    const start = performance.now()
    work(some)
    // the first warms up
    if (r > 0) times.push((1000 * (performance.now() - start)) / atOnce)
    await after()
  }
  return Math.min(...times)
}

async function gatherTime(device, source, batches, megabytes) {
  const batch = await device.minibatch(source, batches[0].length)
  const fill = (some) => {
    for (const cells of some) device.gather(batch, cells)
    device.recorder.flush()
  }
  const time = await microseconds(batches, megabytes, fill, () => device.settle())
  device.release(batch)
  return time
}

async function measure(genes, density, batch, devices) {
  const source = inOneBlock(randomCells(genes, density, Math.max(Number(flags.cells), batch)))
  const order = Int32Array.from(new Random(2).permutation(source.nCells))
  const batches = Array.from({ length: Math.floor(order.length / batch) }, (_, i) =>
    order.subarray(i * batch, (i + 1) * batch),
  )
  const words = new EntryWords(batch * genes)
  const megabytes = (4 * batch * source.nonzeros) / source.nCells / 1e6
  const packing = await microseconds(batches, megabytes, (some) => {
    for (const cells of some) {
      let at = 0
      for (const row of source.counts.load(cells)) at = words.write(row, true, at)
    }
  })
  const staying = await gatherTime(devices.staying, source, batches, megabytes)
  const sent = await gatherTime(devices.sent, source, batches, megabytes)
  return {
    genes,
    density,
    batch,
    megabytes,
    packing,
    staying,
    sent,
    perMegabyte: (sent - staying) / megabytes,
  }
}

const devices = { staying: await openWebgpu(number), sent: await openWebgpu(number, { memory: 0 }) }
process.stderr.write(`${devices.sent.label}\n`)
const results = []
for (const data of list(flags.data)) {
  const [genes, density] = data.split(':').map(Number)
  for (const batch of numbers(flags.batch)) results.push(await measure(genes, density, batch, devices))
}
printTable(
  'Microseconds of the host a minibatch',
  ['genes', 'batch', 'MB', 'packing', 'filled, counts stay', 'filled, counts are sent', 'more a MB'],
  results.map((r) => [
    figure(r.genes, 1),
    r.batch,
    figure(r.megabytes),
    figure(r.packing),
    figure(r.staying),
    figure(r.sent),
    figure(r.perMegabyte),
  ]),
)
writeJson(flags.json, { ...machine(), device: devices.sent.label, results })
await devices.staying.dispose()
await devices.sent.dispose()
