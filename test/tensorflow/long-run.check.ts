import { expect, it } from 'vitest'
import { loadTensorFlow } from '../../src/device/tensorflow/load.js'
import { openTensorFlow } from '../../src/device/tensorflow/open.js'
import { LongRun } from '../device/long-run.js'

/** More than the garbage that V8 lets lie; a leak of one tensor of cells × genes a step would be 100 times that. */
const SLACK_BYTES = 40e6

it('holds as many tensors and as much memory after 2,100 steps as after 420', async () => {
  const { tf } = loadTensorFlow()
  const start = tf.memory().numTensors
  const shape = { genes: 500, hidden: 64, cells: 100, capacity: 128, categories: [3], continuous: 1 }
  const run = new LongRun(await openTensorFlow(), shape, { encodeCovariates: true })
  const seen: { tensors: number; bytes: number }[] = []
  for (let i = 0; i < 5; i++) {
    await run.train(420)
    seen.push({ tensors: tf.memory().numTensors, bytes: process.memoryUsage().rss })
  }
  expect(Number.isFinite(await run.logLikelihood())).toBe(true)
  const [first, ...later] = seen
  console.log(
    seen.map(({ tensors, bytes }) => `${tensors} tensors, ${(bytes / 1e6).toFixed(0)} MB`).join('; '),
  )
  for (const { tensors, bytes } of later) {
    expect(bytes - first!.bytes).toBeLessThan(SLACK_BYTES)
    expect(tensors).toBe(first!.tensors)
  }
  await run.stop()
  expect(tf.memory().numTensors).toBe(start)
}, 300_000)
