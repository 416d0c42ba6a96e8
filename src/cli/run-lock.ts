import { linkSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { shellWord } from '../anndata/shell-word.js'
import { ScvaeError } from '../errors.js'

/** What a lock says of the run that holds it. */
interface Holder {
  pid: number
  host: string
  /** When the process started, in the system's own clock ticks; absent where the system does not tell. */
  process_start?: string
  /** When the run started. */
  since: string
  command: string
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The lock of a prefix, so that two runs do not write the same outputs: the file `PREFIX.lock`, there as long as the run is.
 * A lock whose run is dead on this machine is taken over.
 */
export class RunLock {
  readonly #path: string
  readonly #madeFolders: string[]
  readonly #onExit = () => this.release()
  readonly #onSignal = (signal: NodeJS.Signals) => {
    // others that listen end the run in good order, and the lock with it
    if (process.listenerCount(signal) > 1) return
    this.release()
    process.kill(process.pid, signal)
  }

  /**
   * Takes the lock, and makes the folder of the prefix where there is none.
   *
   * @throws ScvaeError `usage` naming the run that holds it; `failed` when the folder cannot be made or written to
   */
  constructor(prefix: string, command: string) {
    this.#path = `${prefix}.lock`
    this.#madeFolders = makeFolder(dirname(resolve(prefix)))
    // a signal from here on is heard once the lock is there
    process.on('exit', this.#onExit)
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
    try {
      take(this.#path, prefix, command)
    } catch (error) {
      this.#hearNoMore()
      this.#removeFolders()
      throw error
    }
  }

  /** Gives the lock back; folders that were made for the run and are empty go too. */
  release(): void {
    this.#hearNoMore()
    rmSync(this.#path, { force: true })
    this.#removeFolders()
  }

  #hearNoMore(): void {
    process.off('exit', this.#onExit)
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
  }

  #removeFolders(): void {
    try {
      for (const folder of this.#madeFolders) rmdirSync(folder)
    } catch {
      // there is something in it
    }
  }
}

/** Makes a folder and those above it; gives those that were made, the innermost first. */
function makeFolder(folder: string): string[] {
  const made: string[] = []
  try {
    const first = mkdirSync(folder, { recursive: true })
    if (first === undefined) return []
    for (let at = folder; at !== dirname(resolve(first)); at = dirname(at)) made.push(at)
    return made
  } catch (cause) {
    throw new ScvaeError('failed', `The folder "${folder}" cannot be made (${codeOf(cause)}).`, {
      hint: 'Choose another prefix with -o.',
      cause,
    })
  }
}

function take(path: string, prefix: string, command: string): void {
  const own = `${path}.${hostname()}-${process.pid}`
  const start = processStart(process.pid)
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    ...(start !== undefined && { process_start: start }),
    since: new Date().toISOString(),
    command,
  }
  try {
    writeFileSync(own, `${JSON.stringify(holder, null, 2)}\n`)
  } catch (cause) {
    throw new ScvaeError(
      'failed',
      `The folder "${dirname(resolve(path))}" cannot be written to (${codeOf(cause)}).`,
      {
        hint: 'Choose another prefix with -o.',
        cause,
      },
    )
  }
  try {
    while (!linked(own, path)) {
      const text = readIfThere(path)
      // it was given back meanwhile
      if (text === undefined) continue
      refuseLiving(text, path, prefix)
      putAside(path, text)
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/** Gives a whole file a second name, unless there is one of that name: which of two runs is first is the file system's word. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (codeOf(error) !== 'EPERM' && codeOf(error) !== 'ENOTSUP' && codeOf(error) !== 'ENOSYS') throw error
    return written(own, path)
  }
}

/** The same on file systems without hard links. */
function written(own: string, path: string): boolean {
  try {
    writeFileSync(path, readFileSync(own), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Takes a dead lock away; one that another run has put in its place meanwhile is put back. */
function putAside(path: string, text: string): void {
  const aside = join(dirname(path), `.${basename(path)}.dead-${process.pid}`)
  try {
    renameSync(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if (readIfThere(aside) !== text) linked(aside, path)
  rmSync(aside, { force: true })
}

/** @throws ScvaeError (usage) unless the run that a lock names is dead */
function refuseLiving(text: string, path: string, prefix: string): void {
  const holder = parse(text)
  // a run that was killed while it wrote its lock left less than all of it
  if (!holder) return
  const here = holder.host === hostname()
  if (here && !isAlive(holder)) return
  const where = here ? '' : ` on ${holder.host}`
  throw new ScvaeError(
    'usage',
    `Another run writes to "${prefix}": process ${holder.pid}${where}, since ${holder.since} (${holder.command}).`,
    {
      hint: here
        ? 'Wait for it, or choose another prefix with -o.'
        : `Wait for it, or choose another prefix with -o. If that run is gone, take its lock away: rm ${shellWord(path)}.`,
    },
  )
}

function isAlive({ pid, process_start }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // a process of another user may not be signalled, and lives
    if (codeOf(error) !== 'EPERM') return false
  }
  const start = processStart(pid)
  return process_start === undefined || start === undefined || start === process_start
}

/** When a process started, in ticks since the machine did: Linux alone tells. A number that is given again has another. */
function processStart(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // the name in brackets may hold spaces; the start is the 22nd field of the whole
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, host, since, command, process_start } = JSON.parse(text) as Partial<Holder>
    if (typeof pid !== 'number' || host === undefined || since === undefined || command === undefined)
      return undefined
    return { pid, host, since, command, ...(process_start !== undefined && { process_start }) }
  } catch {
    return undefined
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
