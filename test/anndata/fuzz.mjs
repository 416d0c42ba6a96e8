/**
 * Reads files with flipped, overwritten, repeated or cut bytes: each must read, or be refused with an error of ours.
 *
 *     npm run build && node test/anndata/fuzz.mjs --files 5000 [--seed 0] [--folder DATA/edge] [--processes 2] [--json PATH]
 *
 * The files are read in child processes, many in each; one that dies, or takes longer than 10 s for a file, counts against
 * the file. Every failure names its seed: `--seed SEED --files 1` repeats it.
 */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const READER = fileURLToPath(new URL('./fuzz-reader.mjs', import.meta.url))
const LIMIT_MILLISECONDS = 10_000
/** Each error that HDF5 throws through WebAssembly costs about 1 KB of a stack of 2 MB that nothing gives back. */
const FILES_PER_PROCESS = 500

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '0' },
    folder: { type: 'string', default: '' },
    processes: { type: 'string', default: '2' },
    json: { type: 'string', default: '' },
  },
})

const first = Number(flags.seed)
const last = first + Number(flags.files)
const counts = { read: 0, refused: 0, other: 0 }
const failures = []
let next = first

/** Reads seeds in one process after another until there is none left. */
async function work() {
  while (next < last) await oneProcess()
}

function oneProcess() {
  return new Promise((resolve, reject) => {
    const child = fork(READER, [flags.folder], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let said = ''
    let ready = false
    let taken = 0
    // the file that is being read, and since when
    let current
    let timer
    let hung = false
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2000)
    })
    const proceed = () => {
      current = undefined
      if (next >= last || taken++ === FILES_PER_PROCESS) {
        child.disconnect()
        return
      }
      current = { seed: next++ }
      timer = setTimeout(() => {
        hung = true
        child.kill('SIGKILL')
      }, LIMIT_MILLISECONDS)
      child.send(current.seed)
    }
    child.on('message', (message) => {
      if (message.kind === 'begun') {
        current = message
        return
      }
      clearTimeout(timer)
      if (message.kind === 'ready') ready = true
      else note(message)
      // what is wrong now must not count against the files that follow
      if (message.kind !== 'other') return proceed()
      current = undefined
      child.disconnect()
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (!ready) return reject(new Error(`The reader did not start: ${said}`))
      if (current) {
        const error = hung ? `took longer than ${LIMIT_MILLISECONDS} ms` : `died (${signal ?? code}): ${said}`
        note({ ...current, kind: 'other', error })
      }
      resolve()
    })
  })
}

function note({ seed, kind, name, what, error }) {
  counts[kind]++
  if (kind !== 'other') return
  failures.push({ seed, name, what, error })
  process.stderr.write(`seed ${seed}, ${name ?? '?'} (${what ?? '?'}): ${error}\n`)
}

await Promise.all(Array.from({ length: Number(flags.processes) }, work))
process.stdout.write(`${counts.read} read, ${counts.refused} refused, ${counts.other} anything else\n`)
if (flags.json !== '') writeFileSync(flags.json, `${JSON.stringify({ ...counts, failures }, null, 2)}\n`)
process.exitCode = counts.other > 0 || counts.read + counts.refused === 0 ? 1 : 0
