// Builds the native kernels in a clone where the machine has a C compiler; says so in one line where it has not.
// It uses nothing but Node and `node-api-headers`, and never fails the installation.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUILDS, FLAGS, LIST, readList, sha256 } from './native-builds.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = join(root, 'src/device/cpu/kernels')
const target = join(root, 'build')

function headers() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir
  } catch {
    return undefined
  }
}

function build() {
  const builds = BUILDS[process.arch]
  if (!builds || process.platform === 'win32') return 'no native build for this platform'
  const include = headers()
  if (!include) return 'node-api-headers is not installed'
  const compiler = process.env.CC ?? 'cc'
  if (spawnSync(compiler, ['--version']).status !== 0) return `no C compiler (${compiler}) was found`
  const newest = Math.max(...readdirSync(sources).map((file) => statSync(join(sources, file)).mtimeMs))
  mkdirSync(target, { recursive: true })
  const known = readList(join(target, LIST))
  const hashes = {}
  const failed = []
  for (const { name, flags } of builds) {
    const file = join(target, `kernels-${name}.node`)
    const key = `kernels-${name}.node`
    if (existsSync(file) && statSync(file).mtimeMs > newest && known[key] === sha256(file)) {
      hashes[key] = known[key]
      continue
    }
    const beside = `${file}.${process.pid}`
    const link = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
    const result = spawnSync(
      compiler,
      [...FLAGS, '-fPIC', ...flags, ...link, `-I${include}`, join(sources, 'native.c'), '-o', beside],
      { encoding: 'utf8' },
    )
    if (result.status === 0) {
      hashes[key] = sha256(beside)
      renameSync(beside, file)
    } else {
      rmSync(beside, { force: true })
      failed.push(`${name}: ${(result.stderr || String(result.error ?? '')).split('\n')[0]}`)
    }
  }
  writeFileSync(join(target, LIST), `${JSON.stringify(hashes, null, 2)}\n`)
  return failed.length === builds.length ? `the C compiler failed (${failed[0]})` : undefined
}

const reason = build()
if (reason) console.log(`scvae: ${reason}; the WebAssembly kernels will be used, at about half the speed`)
