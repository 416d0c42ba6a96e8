import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const POLL_MILLISECONDS = 20

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {(spawned: number) => string[]} wordsOf its words, given the time when it is started, in ms since 1970
 * @param {Record<string, string>} env added to the environment
 * @returns {Promise<{ stdout: string, seconds: number, peakBytes: number | null }>} seconds from its start to its end; the
 * most resident memory that it and its children held together, as /proc says (Linux; null elsewhere)
 */
export async function watched(program, wordsOf, env = {}) {
  const spawned = Date.now()
  const started = performance.now()
  const child = spawn(program, wordsOf(spawned), {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  let peakBytes = 0
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeBytes(child.pid))
  }, POLL_MILLISECONDS)
  let seconds = 0
  child.once('exit', () => {
    seconds = (performance.now() - started) / 1000
  })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => clearInterval(timer))
  if (code !== 0) throw new Error(`${program} ${wordsOf(spawned).join(' ')} ended with ${code}.`)
  return { stdout, seconds, peakBytes: peakBytes === 0 ? null : peakBytes }
}

/** The peak of a process and what its children hold now; 0 when it has ended. */
function treeBytes(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    return memoryOf(pid, 'VmHWM') + children.reduce((sum, one) => sum + memoryOf(one, 'VmRSS'), 0)
  } catch {
    return 0
  }
}

function memoryOf(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}
