import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EpochProgress, epochLine } from '../../src/cli/fit/epoch-progress.js'
import { Log } from '../../src/cli/log.js'
import { stageBar } from '../../src/cli/stage-bar.js'
import type { EpochRecord } from '../../src/files/epoch-record.js'
import { temporaryFolder } from './scvae.js'

const folder = temporaryFolder()

function stream(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, columns: 60, write: (text: string) => written.push(text), text: () => written.join('') }
}

const RECORD: EpochRecord = {
  epoch: 2,
  trainElbo: 512.345,
  trainReconstruction: 500,
  trainKl: 12.345,
  klWeight: 0.25,
  learningRate: 1e-3,
  heldoutElbo: 520.5,
  seconds: 1.25,
}

describe('Log', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('keeps what was said before its file was opened, details and records too', () => {
    const shown = stream(false)
    const log = new Log('normal', shown)
    log.info('one')
    log.detail('two')
    log.record('three')
    log.warn('four')
    log.openFile(join(folder, 'a.log'), 'new')
    log.info('five')
    log.close()
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('one\ntwo\nthree\nwarning: four\nfive\n')
    expect(shown.text()).toBe('one\nwarning: four\nfive\n')
    expect(log.warnings).toEqual(['four'])
  })

  it('says a warning in a sentence, and keeps its parts', () => {
    const shown = stream(false)
    const log = new Log('normal', shown)
    const parts = { what: 'it leaks', measure: 'litres', value: 3, threshold: 2, advice: 'mend it' }
    log.warn('it is late')
    log.warn(parts)
    expect(shown.text()).toBe('warning: it is late\nwarning: it leaks: mend it\n')
    expect(log.warnings).toEqual(['it is late', 'it leaks: mend it'])
    expect(log.warned).toEqual([{ what: 'it is late' }, parts])
  })

  it('goes on with a file', () => {
    for (const line of ['first', 'second']) {
      const log = new Log('quiet', stream(false))
      log.openFile(join(folder, 'b.log'), 'append')
      log.info(line)
      log.close()
    }
    expect(readFileSync(join(folder, 'b.log'), 'utf8')).toBe('first\nsecond\n')
  })

  it('shows warnings alone when quiet, details when verbose', () => {
    const [quiet, verbose] = [stream(false), stream(false)]
    for (const log of [new Log('quiet', quiet), new Log('verbose', verbose)]) {
      log.info('a')
      log.detail('b')
      log.warn('c')
    }
    expect(quiet.text()).toBe('warning: c\n')
    expect(verbose.text()).toBe('a\nb\nwarning: c\n')
  })

  it.each([
    { terminal: true, NO_COLOR: '', FORCE_COLOR: '', TERM: 'xterm', shown: true },
    { terminal: true, NO_COLOR: '1', FORCE_COLOR: '', TERM: 'xterm', shown: false },
    { terminal: true, NO_COLOR: '', FORCE_COLOR: '0', TERM: 'xterm', shown: false },
    { terminal: true, NO_COLOR: '', FORCE_COLOR: '', TERM: 'dumb', shown: false },
    { terminal: false, NO_COLOR: '', FORCE_COLOR: '', TERM: 'xterm', shown: false },
    { terminal: false, NO_COLOR: '1', FORCE_COLOR: '1', TERM: 'xterm', shown: true },
  ])('colours warnings on a terminal unless told otherwise: %o', ({ terminal, shown, ...names }) => {
    for (const [name, value] of Object.entries(names)) vi.stubEnv(name, value)
    const said = stream(terminal)
    const log = new Log('normal', said)
    log.warn('x')
    log.info('y')
    expect(said.text()).toBe(shown ? '\u001b[33mwarning: x\u001b[39m\ny\n' : 'warning: x\ny\n')
  })

  it('draws no bar where there is no terminal', () => {
    const shown = stream(false)
    new Log('normal', shown).bar('x')
    expect(shown.text()).toBe('')
  })

  it('ends the bar before a line, and cuts it to the width of the terminal', () => {
    const shown = stream(true)
    const log = new Log('normal', shown)
    log.bar('y'.repeat(100))
    log.info('line')
    expect(shown.text()).toBe(`\r\u001b[K${'y'.repeat(59)}\r\u001b[Kline\n`)
  })
})

describe('EpochProgress', () => {
  it('is one line an epoch without a terminal, and tells the time after the second', () => {
    const shown = stream(false)
    const progress = new EpochProgress(new Log('normal', shown))
    progress.onEpoch({ ...RECORD, epoch: 1, seconds: 9 }, 12)
    progress.onEpoch(RECORD, 12)
    expect(shown.text().split('\n')).toEqual([
      'epoch  1/12  loss 512.35  kl 12.35 x 0.250  held-out 520.50  9.0 s',
      'epoch  2/12  loss 512.35  kl 12.35 x 0.250  held-out 520.50  1.3 s',
      'training ends in about 13 s unless it stops early',
      '',
    ])
  })

  it.each([
    [20, 20],
    [260, 13 + 2],
    [400, 20 + 2],
    [5000, 25 + 2],
  ])('shows of %i epochs no more than %i lines, and keeps all in the file', (total, lines) => {
    const shown = stream(false)
    const log = new Log('normal', shown)
    const path = join(folder, `epochs-${total}.log`)
    log.openFile(path, 'new')
    const progress = new EpochProgress(log)
    for (let epoch = 1; epoch <= total; epoch++) progress.onEpoch({ ...RECORD, epoch }, total)
    log.close()
    const seen = shown.text().match(/^epoch.*$/gm)!
    expect(seen).toHaveLength(lines)
    expect(seen.at(-1)).toContain(`${total}/${total}`)
    expect(readFileSync(path, 'utf8').match(/^epoch/gm)).toHaveLength(total)
  })

  it('shows every epoch when verbose', () => {
    const shown = stream(false)
    const progress = new EpochProgress(new Log('verbose', shown))
    for (let epoch = 1; epoch <= 60; epoch++) progress.onEpoch({ ...RECORD, epoch }, 60)
    expect(shown.text().match(/^epoch/gm)).toHaveLength(60)
  })

  it('is a bar on a terminal, with the lines in the file', () => {
    const shown = stream(true)
    const log = new Log('normal', shown)
    log.openFile(join(folder, 'c.log'), 'new')
    new EpochProgress(log).onEpoch(RECORD, 4)
    log.close()
    expect(shown.text()).toContain('epoch 2/4 [#######.......] loss 512.3, held-out 520.5')
    expect(readFileSync(join(folder, 'c.log'), 'utf8')).toBe(`${epochLine(RECORD, 4)}\n`)
  })

  it('leaves out what an epoch without validation does not have', () => {
    const { heldoutElbo: _, ...record } = RECORD
    expect(epochLine(record, 4)).toBe('epoch 2/4  loss 512.35  kl 12.35 x 0.250  1.3 s')
  })
})

describe('stageBar', () => {
  it('tells how far a stage is and how long it still takes, now and then and at its end', () => {
    vi.useFakeTimers()
    try {
      const shown = stream(true)
      const bar = stageBar(new Log('normal', shown), 'surprise')
      vi.advanceTimersByTime(2000)
      bar(250, 1000)
      vi.advanceTimersByTime(50)
      bar(260, 1000)
      bar(1000, 1000)
      expect(shown.text()).toBe(
        '\r\u001b[Ksurprise [####..........] 25 %, 6.0 s left\r\u001b[Ksurprise [##############] 100 %, 0.0 s left',
      )
    } finally {
      vi.useRealTimers()
    }
  })

  it('is nothing where there is no terminal', () => {
    const shown = stream(false)
    stageBar(new Log('normal', shown), 'surprise')(1, 1)
    expect(shown.text()).toBe('')
  })
})
