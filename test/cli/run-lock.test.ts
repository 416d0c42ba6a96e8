import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RunLock } from '../../src/cli/run-lock.js'
import { namesIn, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const HOLDER = {
  pid: process.pid,
  host: hostname(),
  since: '2026-01-02T03:04:05.678Z',
  command: 'scvae fit a.h5ad',
}

/** Writes a lock as a run leaves it, and tries to take it. */
function takeOver(name: string, holder: object | string): RunLock {
  writeFileSync(at(`${name}.lock`), typeof holder === 'string' ? holder : JSON.stringify(holder))
  return new RunLock(at(name), 'scvae fit b.h5ad')
}

/** A number that a process had that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((done) => child.on('close', done))
  return child.pid!
}

describe('RunLock', () => {
  it('is there as long as it is held, and says whose it is', () => {
    const lock = new RunLock(at('own'), 'scvae fit a.h5ad')
    expect(JSON.parse(readFileSync(at('own.lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      command: 'scvae fit a.h5ad',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(() => new RunLock(at('own'), 'scvae fit b.h5ad')).toThrow(
      new RegExp(
        `^Another run writes to ".*own": process ${process.pid}, since \\d{4}-.*Z \\(scvae fit a.h5ad\\)`,
      ),
    )
    lock.release()
    new RunLock(at('own'), 'scvae fit b.h5ad').release()
    expect(namesIn(folder)).toEqual([])
  })

  it('makes the folder of its prefix, and takes it away where nothing came to it', () => {
    const lock = new RunLock(at('new/deep/own'), 'scvae')
    expect(namesIn(at('new/deep'))).toEqual(['own.lock'])
    lock.release()
    expect(namesIn(folder)).toEqual([])
    const other = new RunLock(at('new/deep/own'), 'scvae')
    writeFileSync(at('new/deep/own.h5ad'), '')
    other.release()
    expect(namesIn(at('new/deep'))).toEqual(['own.h5ad'])
  })

  it('is taken over from a process that is dead', async () => {
    const lock = takeOver('dead', { ...HOLDER, pid: await deadPid() })
    expect(JSON.parse(readFileSync(at('dead.lock'), 'utf8')).pid).toBe(process.pid)
    lock.release()
    expect(namesIn(folder).filter((name) => name.includes('dead'))).toEqual([])
  })

  it.runIf(process.platform === 'linux')('is taken over when another process has got the number', () => {
    takeOver('reused', { ...HOLDER, process_start: '1' }).release()
    expect(() => takeOver('alive', HOLDER)).toThrow('Another run writes to')
  })

  it('is taken over when it was never written to its end', () => {
    takeOver('torn', '{"pid": 12').release()
    takeOver('empty', '').release()
  })

  it('of another machine is left alone, with a word on what to do', () => {
    expect(() => takeOver('far', { ...HOLDER, host: 'node17', pid: 1 })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('process 1 on node17, since 2026-01-02T03:04:05.678Z'),
        hint: expect.stringMatching(/take its lock away: rm \S+far\.lock\.$/),
      }),
    )
    expect(namesIn(folder).filter((name) => name.includes('far'))).toEqual(['far.lock'])
  })
})
