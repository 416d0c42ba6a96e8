import { parentPort, workerData } from 'node:worker_threads'
import { loadBuild } from './load-build.js'
import { CONTROL, SPINS, type WorkerData } from './worker-protocol.js'

const { file, memory, control: shared, part, parts, stackTop } = workerData as WorkerData
const control = new Int32Array(shared)
const run = loadBuild(file, memory, stackTop)

/** Waits until the sequence moves on: first spinning, then asleep. */
function nextSequence(last: number): number {
  for (let i = 0; i < SPINS; i++) {
    const sequence = Atomics.load(control, CONTROL.sequence)
    if (sequence !== last) return sequence
  }
  Atomics.add(control, CONTROL.sleepers, 1)
  Atomics.wait(control, CONTROL.sequence, last)
  Atomics.sub(control, CONTROL.sleepers, 1)
  return Atomics.load(control, CONTROL.sequence)
}

// a kernel that traps ends the thread: the calling one, which may be asleep until this one is done, is told
process.on('exit', () => {
  Atomics.store(control, CONTROL.failed, 1)
  Atomics.notify(control, CONTROL.done)
})

let sequence = Atomics.load(control, CONTROL.sequence)
parentPort?.postMessage('ready')
while (Atomics.load(control, CONTROL.stop) === 0) {
  const next = nextSequence(sequence)
  if (next === sequence || Atomics.load(control, CONTROL.stop) === 1) continue
  sequence = next
  run(control[CONTROL.kernel]!, control[CONTROL.args]!, part, parts)
  Atomics.add(control, CONTROL.done, 1)
  if (Atomics.load(control, CONTROL.joining) === 1) Atomics.notify(control, CONTROL.done)
}
