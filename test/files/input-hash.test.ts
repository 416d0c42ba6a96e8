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
    expect(await inputHash([{ path: join(folder, 'cells.h5ad') }])).toBe(sha256(content))
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
    expect(await inputHash([{ path: join(folder, 'cells.zarr') }])).toBe(whole)
    const command = 'find . -type f | sed s:^./:: | LC_ALL=C sort | xargs sha256sum | sha256sum'
    const printed = execFileSync('sh', ['-c', command], { cwd: join(folder, 'cells.zarr'), encoding: 'utf8' })
    expect(printed.slice(0, 64)).toBe(whole)
    write('cells.zarr/obs/_index/0', 'b')
    expect(await inputHash([{ path: join(folder, 'cells.zarr') }])).not.toBe(whole)
  })

  it('is that of the three files of a 10x folder, by either path, whatever else lies there', async () => {
    const names = ['barcodes.tsv', 'features.tsv', 'matrix.mtx']
    for (const name of names) write(`tenx/${name}`, name)
    const whole = sha256(names.map((name) => `${sha256(name)}  ${name}\n`).join(''))
    write('tenx/out.h5ad', 'a result')
    expect(await inputHash([{ path: join(folder, 'tenx') }])).toBe(whole)
    expect(await inputHash([{ path: join(folder, 'tenx/matrix.mtx') }])).toBe(whole)
    write('alone/counts.mtx', 'values')
    expect(await inputHash([{ path: join(folder, 'alone/counts.mtx') }])).toBe(sha256('values'))
  })

  it('covers the files that name genes and cells from elsewhere', async () => {
    for (const name of ['matrix.mtx', 'features.tsv', 'barcodes.tsv']) write(`named/${name}`, name)
    write('elsewhere/genes.tsv', 'genes')
    const path = join(folder, 'named')
    const told = { path, features: join(folder, 'elsewhere/genes.tsv') }
    const list = ['barcodes.tsv', 'genes', 'matrix.mtx'].map(
      (content) => `${sha256(content)}  ${content === 'genes' ? 'genes.tsv' : content}\n`,
    )
    expect(await inputHash([told])).toBe(sha256(list.join('')))
    expect(await inputHash([{ path }])).not.toBe(await inputHash([told]))
    write('elsewhere/genes.tsv', 'other genes')
    expect(await inputHash([told])).not.toBe(sha256(list.join('')))
  })

  it('is that of the list of joined data sets, in their order', async () => {
    write('one/a.h5ad', 'a')
    write('two/a.h5ad', 'b')
    const [one, two] = [{ path: join(folder, 'one/a.h5ad') }, { path: join(folder, 'two/a.h5ad/') }]
    expect(await inputHash([one, two])).toBeNull()
    two.path = join(folder, 'two/a.h5ad')
    const lines = ['a', 'b'].map((content) => `${sha256(content)}  a.h5ad\n`)
    expect(await inputHash([one, two])).toBe(sha256(lines.join('')))
    expect(await inputHash([two, one])).toBe(sha256(lines.toReversed().join('')))
    expect(await inputHash([one, { path: join(folder, 'gone.h5ad') }])).toBeNull()
  })

  it('is null where there is nothing, or nothing that can be read', async () => {
    expect(await inputHash([{ path: join(folder, 'nowhere.h5ad') }])).toBeNull()
    write('cut/.zgroup', '{}')
    symlinkSync(join(folder, 'gone'), join(folder, 'cut/0.0'))
    expect(await inputHash([{ path: join(folder, 'cut') }])).toBeNull()
    mkdirSync(join(folder, 'empty'))
    expect(await inputHash([{ path: join(folder, 'empty') }])).toBeNull()
  })
})
