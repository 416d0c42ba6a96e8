import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

const POLL_MILLISECONDS = 20
/** What /proc/PID/stat counts processor time in. */
const TICKS_PER_SECOND = 100

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {(spawned: number) => string[]} wordsOf its words, given the time when it is started, in ms since 1970
 * @param {Record<string, string>} env added to the environment
 * @returns {Promise<{ stdout: string, seconds: number, peakBytes: number | null, othersShare: number | null }>} seconds from its
 * start to its end; by /proc (Linux, null elsewhere) the most resident memory that it and its children held together, and the
 * share of the cores that other programs took meanwhile
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
  const before = coreSeconds()
  let peakBytes = 0
  let used = 0
  const timer = setInterval(() => {
    const tree = treeOf(child.pid)
    peakBytes = Math.max(peakBytes, tree.bytes)
    used = Math.max(used, tree.processorSeconds)
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
  const after = coreSeconds()
  const others = after.busy - before.busy - (after.own - before.own) - used
  const measured = peakBytes > 0
  return {
    stdout,
    seconds,
    peakBytes: measured ? peakBytes : null,
    othersShare: measured ? Math.max(0, others / (after.all - before.all)) : null,
  }
}

/** Seconds that the cores have been busy, that this program has used of them, and that have passed on all of them. */
function coreSeconds() {
  const times = cpus().map((core) => core.times)
  const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0) / 1e3
  const { user, system } = process.cpuUsage()
  return {
    busy,
    own: (user + system) / 1e6,
    all: busy + times.reduce((sum, { idle }) => sum + idle, 0) / 1e3,
  }
}

/** The peak of a process and what its children hold now, and their processor time so far; nothing when it has ended. */
function treeOf(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    return {
      bytes: children.reduce((sum, one) => sum + memoryOf(one, 'VmRSS'), memoryOf(pid, 'VmHWM')),
      processorSeconds: children.reduce((sum, one) => sum + processorSeconds(one), processorSeconds(pid)),
    }
  } catch {
    return { bytes: 0, processorSeconds: 0 }
  }
}

function memoryOf(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}

function processorSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the program's name, in brackets, may hold spaces; then state is the third field, user and system time the 14th and 15th
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
