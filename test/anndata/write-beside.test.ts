import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeBeside } from '../../src/anndata/write/beside.js'
import { temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()

/** An empty folder of its own. */
function fresh(name: string): string {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}

test('the target appears when it is whole, and nothing else stays', async () => {
  const at = fresh('whole')
  const target = join(at, 'a.txt')
  const result = await writeBeside(target, (temporary) => {
    writeFileSync(temporary, 'half')
    expect(readdirSync(at)).not.toContain('a.txt')
    writeFileSync(temporary, 'whole')
    return 42
  })
  expect(result).toBe(42)
  expect(readFileSync(target, 'utf8')).toBe('whole')
  expect(readdirSync(at)).toEqual(['a.txt'])
})

test('a failure passes on, removes the temporary and leaves the old file', async () => {
  const at = fresh('failure')
  const target = join(at, 'a.txt')
  writeFileSync(target, 'old')
  const write = writeBeside(
    target,
    (temporary) => {
      writeFileSync(temporary, 'new')
      throw new Error('half-way')
    },
    { overwrite: true },
  )
  await expect(write).rejects.toThrow('half-way')
  expect(readFileSync(target, 'utf8')).toBe('old')
  expect(readdirSync(at)).toEqual(['a.txt'])
})

test('an existing target is refused before anything is written', async () => {
  const at = fresh('existing')
  const target = join(at, 'a.txt')
  writeFileSync(target, 'old')
  let called = false
  const write = writeBeside(target, () => {
    called = true
  })
  await expect(write).rejects.toMatchObject({ kind: 'usage', message: `"${target}" exists already.` })
  expect(called).toBe(false)
  await writeBeside(target, (temporary) => writeFileSync(temporary, 'new'), { overwrite: true })
  expect(readFileSync(target, 'utf8')).toBe('new')
})

test('a missing folder is made', async () => {
  const target = join(folder, 'none', 'yet', 'a.txt')
  await writeBeside(target, (temporary) => writeFileSync(temporary, 'new'))
  expect(readFileSync(target, 'utf8')).toBe('new')
})

test('a folder that cannot be written to is one sentence', async () => {
  // a file in place of the folder: refused for every user, root too
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await expect(writeBeside(join(file, 'a.txt'), () => undefined)).rejects.toMatchObject({
    kind: 'failed',
    message: `The folder "${file}" cannot be written to.`,
  })
})
