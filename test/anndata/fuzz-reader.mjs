// Child of fuzz.mjs: reads spoilt samples, one for each seed that it is sent, and says how each ended.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkCounts } from '../../dist/src/anndata/counts/check-counts.js'
import { readCounts } from '../../dist/src/anndata/read-any.js'
import { readElements } from '../../dist/src/anndata/read-elements.js'
import { openStore } from '../../dist/src/anndata/store/open-store.js'
import { ScvaeError } from '../../dist/src/errors.js'
import { layOut, makeSamples, spoil } from './fuzz-files.mjs'

/** So often the sample is read once more as it was: an earlier file may have left the libraries in disorder. */
const SOUND_EVERY = 20

const folder = process.argv[2]
const samples = await makeSamples(folder)
const own = mkdtempSync(join(tmpdir(), 'scvae-fuzz-'))
let count = 0

process.on('message', async (seed) => {
  const { sample, what } = spoil(samples, seed)
  const about = { seed, what, name: sample.name }
  process.send({ kind: 'begun', ...about })
  const end = await readIn(sample)
  let outcome = end
  if (count++ % SOUND_EVERY === 0) {
    const sound = samples.find(({ name }) => name === sample.name)
    const before = await soundEnd(sound)
    if (before !== undefined)
      outcome = { kind: 'other', error: `and then the sound file does not read: ${before}` }
  }
  process.send({ ...about, ...outcome })
})

const soundKinds = new Map()
for (const sample of samples) {
  const { kind, error } = await readIn(sample)
  if (kind === 'other') throw new Error(`"${sample.name}" does not read as it is: ${error}`)
  soundKinds.set(sample.name, kind)
}

process.once('disconnect', () => rmSync(own, { recursive: true, force: true }))
process.send({ kind: 'ready' })

async function readIn(sample) {
  const place = join(own, 'spoilt')
  mkdirSync(place)
  try {
    return await read(layOut(sample, place))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** Everything that a reader does with a file: as counts, and element by element where it is AnnData. */
async function read(path) {
  let refusal
  const steps = [async () => checkCounts(await readCounts(path))]
  if (/\.(h5ad|zarr|zarr\.zip)$/.test(path)) steps.push(() => readAll(path))
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof ScvaeError)) return { kind: 'other', error: String(error?.stack ?? error) }
      refusal ??= `${error.message} ${error.cause ?? ''}`
    }
  }
  return refusal === undefined ? { kind: 'read' } : { kind: 'refused', error: refusal }
}

async function readAll(path) {
  const store = await openStore(path)
  try {
    await readElements(store)
  } finally {
    await store.close()
  }
}

/** How a sound sample's reading ends where it ends otherwise than at the start. */
async function soundEnd(sample) {
  const { kind, error } = await readIn(sample)
  return kind === soundKinds.get(sample.name) ? undefined : (error ?? kind)
}
