import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { inputHash } from '../../src/files/input-hash.js'

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

describe('inputHash', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-hash-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }

  it('is that of a file', async () => {
    const content = randomBytes(3_000_001)
    write('cells.h5ad', content)
    expect(await inputHash(join(folder, 'cells.h5ad'))).toBe(sha256(content))
  })

  it('is that of the list of a zarr folder, as sha256sum prints it', async () => {
    for (const [name, content] of Object.entries({
      '.zgroup': '{}',
      'X/0.0': 'values',
      'X/.zarray': '',
      'obs/_index/0': 'a',
    })) {
      write(`cells.zarr/${name}`, content)
    }
    const list = ['.zgroup', 'X/.zarray', 'X/0.0', 'obs/_index/0'].map(
      (name) => `${sha256(readFileSync(join(folder, 'cells.zarr', name)))}  ${name}\n`,
    )
    const whole = sha256(list.join(''))
    expect(await inputHash(join(folder, 'cells.zarr'))).toBe(whole)
    const command = 'find . -type f | sed s:^./:: | LC_ALL=C sort | xargs sha256sum | sha256sum'
    const printed = execFileSync('sh', ['-c', command], { cwd: join(folder, 'cells.zarr'), encoding: 'utf8' })
    expect(printed.slice(0, 64)).toBe(whole)
    write('cells.zarr/obs/_index/0', 'b')
    expect(await inputHash(join(folder, 'cells.zarr'))).not.toBe(whole)
  })

  it('is that of the three files of a 10x folder, by either path, whatever else lies there', async () => {
    const names = ['barcodes.tsv', 'features.tsv', 'matrix.mtx']
    for (const name of names) write(`tenx/${name}`, name)
    const whole = sha256(names.map((name) => `${sha256(name)}  ${name}\n`).join(''))
    write('tenx/out.h5ad', 'a result')
    expect(await inputHash(join(folder, 'tenx'))).toBe(whole)
    expect(await inputHash(join(folder, 'tenx/matrix.mtx'))).toBe(whole)
    write('alone/counts.mtx', 'values')
    expect(await inputHash(join(folder, 'alone/counts.mtx'))).toBe(sha256('values'))
  })

  it('is null where there is nothing, or nothing that can be read', async () => {
    expect(await inputHash(join(folder, 'nowhere.h5ad'))).toBeNull()
    write('cut/.zgroup', '{}')
    symlinkSync(join(folder, 'gone'), join(folder, 'cut/0.0'))
    expect(await inputHash(join(folder, 'cut'))).toBeNull()
    mkdirSync(join(folder, 'empty'))
    expect(await inputHash(join(folder, 'empty'))).toBeNull()
  })
})
