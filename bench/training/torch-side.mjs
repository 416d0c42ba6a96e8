import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('torch_step.py', import.meta.url))

/**
 * The PyTorch step in a process of its own, which idles until it is asked to train for some seconds.
 *
 * @param {string} python
 * @param {{ genes: number, density: number, threads: number, hidden: number, latent: number, batch: number, adam: string }} shape
 */
export async function startTorch(python, { genes, density, threads, hidden, latent, batch, adam }) {
  const args = [genes, density, threads, hidden, latent, batch, adam].map(String)
  const child = spawn(python, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${python} ${PROGRAM} ended without an answer.`)
    return JSON.parse(value)
  }
  // without a listener a missing program would end this one; the answer that never comes says it
  child.on('error', (error) => process.stderr.write(`${error.message}\n`))
  const about = await answer()
  let processorSeconds = 0
  return {
    about,
    /** Processor time that it had used at its last answer. */
    get processorSeconds() {
      return processorSeconds
    },
    /** Milliseconds a step over so many seconds. */
    async measure(wanted) {
      child.stdin.write(`${wanted}\n`)
      const { steps, seconds, loss, cpu } = await answer()
      processorSeconds = cpu
      if (!Number.isFinite(loss)) throw new Error(`The PyTorch step's loss is ${loss}.`)
      return (seconds / steps) * 1000
    },
    async stop() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
