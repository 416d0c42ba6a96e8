import { parentPort, workerData } from 'node:worker_threads'

const from = new Float32Array(workerData.floats).fill(1)
const to = new Float32Array(workerData.floats)
to.set(from)
parentPort.postMessage('ready')
parentPort.once('message', (milliseconds) => {
  const start = performance.now()
  let bytes = 0
  while (performance.now() - start < milliseconds) {
    to.set(from)
    bytes += 2 * to.byteLength // read and written
  }
  parentPort.postMessage(bytes / (performance.now() - start) / 1e6)
})
