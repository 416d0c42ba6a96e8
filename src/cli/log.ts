import { closeSync, openSync, writeSync } from 'node:fs'
import { type Warning, warningSentence } from '../report/warning.js'
import { coloured } from './colour.js'

export type Verbosity = 'quiet' | 'normal' | 'verbose'

/** Where a log's lines go: standard error unless a test says otherwise. */
export interface LogStream {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

/**
 * The command's log: lines on standard error, and from {@link Log.openFile} on also in a file, which gets what was said
 * before it was opened too. The file has no colours and no progress bar, and is as long under `--quiet`.
 */
export class Log {
  /** Every warning so far, for the metrics and the report: as sentences, and in their parts. */
  readonly warnings: string[] = []
  readonly warned: Warning[] = []
  readonly verbosity: Verbosity
  readonly #stream: LogStream
  #file: number | undefined
  #early: string[] = []
  #barShown = false

  constructor(verbosity: Verbosity = 'normal', stream: LogStream = process.stderr) {
    this.verbosity = verbosity
    this.#stream = stream
  }

  /** Whether a progress bar can be drawn. */
  get hasBar(): boolean {
    return this.#stream.isTTY === true && this.verbosity !== 'quiet'
  }

  info(line: string): void {
    this.#line(line, this.verbosity !== 'quiet')
  }

  /** A line that is of use when something is looked into. */
  detail(line: string): void {
    this.#line(line, this.verbosity === 'verbose')
  }

  /** @param told a sentence where nothing more is known */
  warn(told: string | Warning): void {
    const warning = typeof told === 'string' ? { what: told } : told
    const line = warningSentence(warning)
    this.warnings.push(line)
    this.warned.push(warning)
    this.#line(`warning: ${line}`, true, 'yellow')
  }

  /** A line for the file alone, while a progress bar speaks on the terminal. */
  record(line: string): void {
    this.#line(line, false)
  }

  /** Draws the progress bar over the one before it. */
  bar(text: string): void {
    if (!this.hasBar) return
    const width = (this.#stream.columns ?? 80) - 1
    this.#stream.write(`\r\u001b[K${text.slice(0, width)}`)
    this.#barShown = true
  }

  /** Ends the progress bar, so that the next line stands on its own. */
  clearBar(): void {
    if (this.#barShown) this.#stream.write('\r\u001b[K')
    this.#barShown = false
  }

  /** Opens the log file; lines that were logged before are written first. */
  openFile(path: string, mode: 'new' | 'append'): void {
    // a fit that goes on on another device comes by once more
    if (this.#file !== undefined) return
    this.#file = openSync(path, mode === 'new' ? 'w' : 'a')
    for (const line of this.#early) writeSync(this.#file, line)
    this.#early = []
  }

  close(): void {
    this.clearBar()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #line(line: string, shown: boolean, colour?: 'yellow'): void {
    if (this.#file === undefined) this.#early.push(`${line}\n`)
    else writeSync(this.#file, `${line}\n`)
    if (!shown) return
    this.clearBar()
    this.#stream.write(`${colour ? coloured(line, colour, this.#stream) : line}\n`)
  }
}
