import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findBuilds, pickBuild } from '../../src/device/cpu/builds.js'
import { createCpuDevice, pickTestedBuild } from '../../src/device/cpu/cpu-device.js'
import { selfTest } from '../../src/device/cpu/self-test.js'
import type { Device } from '../../src/device/device.js'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const [best] = findBuilds().builds
const native = best?.file.endsWith('.node') ? best : undefined
const file = native && basename(native.file)

interface Installed {
  root: string
  /** Where its prebuilt file is. */
  prebuilt: string
}

/** A package with one native build among its prebuilt ones, and the WebAssembly builds. */
function installed(bytes: Uint8Array = readFileSync(native!.file)): Installed {
  const root = mkdtempSync(join(tmpdir(), 'scvae-package-'))
  folders.push(root)
  cpSync('dist/kernels', join(root, 'dist/kernels'), { recursive: true })
  const prebuilt = join(root, addBuild(root, `prebuilds/${process.platform}-${process.arch}`, bytes))
  return { root, prebuilt }
}

/** Adds a native build to a folder of a package; gives its path in the package. */
function addBuild(root: string, folder: string, bytes: Uint8Array): string {
  mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, folder, file!), bytes)
  const hash = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(join(root, folder, 'builds.json'), JSON.stringify({ [file!]: hash }))
  return join(folder, file!)
}

const wellDone = async () => undefined
const where = `prebuilds/${process.platform}-${process.arch}/${file}`

describe.skipIf(native === undefined)('a package with a prebuilt native build', () => {
  it('runs it', async () => {
    const { root, prebuilt } = installed()
    const { build, warning } = await pickTestedBuild('auto', root)
    expect({ ...build, warning }).toEqual({ ...native, file: prebuilt, builtHere: false, warning: undefined })
  })

  it('runs one that was built here before that', async () => {
    const { root } = installed()
    const own = addBuild(root, 'build', readFileSync(native!.file))
    const { build } = await pickTestedBuild('auto', root)
    expect(build).toEqual({ ...native, file: join(root, own), builtHere: true })
  })

  it.each([
    ['is missing', ({ prebuilt }: Installed) => rmSync(prebuilt)],
    ['is damaged', ({ prebuilt }: Installed) => truncateSync(prebuilt, 20_000)],
  ])('falls back to WebAssembly when it %s, in one sentence', async (reason, harm) => {
    const there = installed()
    harm(there)
    const { build, warning } = await pickTestedBuild('auto', there.root)
    expect(build.name).toMatch(/^wasm/)
    expect(warning).toBe(
      `${where} ${reason}: the ${build.name} kernels run instead, at about half the speed.`,
    )
    await expect(pickTestedBuild('native', there.root)).rejects.toMatchObject({
      kind: 'no-device',
      message: expect.stringMatching(`There is no "native" build .*: ${where} ${reason}\\.$`),
    })
  })

  it('falls back when the system cannot load it', async () => {
    const { root } = installed(Buffer.from('no library'))
    const { build, warning } = await pickBuild('auto', wellDone, root)
    expect(build.name).toMatch(/^wasm/)
    expect(warning).toContain(`${where} does not load (`)
    expect(warning).not.toContain('\n')
  })

  it('falls back when it was made of older sources', async () => {
    const bytes = readFileSync(native!.file)
    // as those that do not tell theirs
    bytes.write('unsaid', bytes.indexOf('interface\0'))
    const { root } = installed(bytes)
    const { build, warning } = await pickBuild('auto', wellDone, root)
    expect(build.name).toMatch(/^wasm/)
    expect(warning).toContain(`${where} is of older sources: the ${build.name} kernels`)
  })

  it('falls back when it computes wrong numbers, tested once', async () => {
    const { root } = installed()
    let tests = 0
    const test = async ({ name }: { name: string }) => {
      tests++
      return name.startsWith('native') ? 'computes wrong numbers' : undefined
    }
    const { build, warning } = await pickBuild('auto', test, root)
    expect(build.name).toMatch(/^wasm/)
    expect(warning).toContain(`${where} computes wrong numbers: the ${build.name} kernels`)
    await pickBuild('auto', test, root)
    expect(tests).toBe(2)
  })

  it('says nothing of a broken one while one that was built here runs', async () => {
    const { root, prebuilt } = installed()
    addBuild(root, 'build', readFileSync(native!.file))
    rmSync(prebuilt)
    expect((await pickTestedBuild('auto', root)).warning).toBeUndefined()
  })

  it('is found by its id', async () => {
    expect((await pickTestedBuild(native!.id, installed().root)).build.id).toBe(native!.id)
  })
})

describe('the self-test', () => {
  it.each([
    'sparseLinear',
    'linear',
    'reluDropout',
    'sampleLatent',
    'countHead',
    'countHeadGradient',
  ] as const)('sees that %s does nothing', async (kernel) => {
    const device = await createCpuDevice({ threads: 1 })
    const kernels = new Proxy(device.kernels, {
      get: (target, key) => (key === kernel ? () => {} : Reflect.get(target, key).bind(target)),
    })
    const lazy: Device = new Proxy(device, {
      get(target, key) {
        if (key === 'kernels') return kernels
        const value = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    expect(await selfTest(lazy)).toBe('computes wrong numbers')
    expect(await selfTest(device)).toBeUndefined()
    await device.dispose()
  })
})
