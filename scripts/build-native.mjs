// Builds the native kernels where the machine has a C compiler; says so in one line where it has not.
// Runs at install, so it uses nothing but Node and `node-api-headers`, and never fails the installation.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = join(root, 'src/device/cpu/kernels')
const target = join(root, 'build')

// one build for each kind of processor; the best one that runs is picked at run time
const BUILDS = {
  x64: [
    { name: 'avx512', flags: ['-march=x86-64-v4', '-mprefer-vector-width=512', '-DW=16'] },
    { name: 'avx2', flags: ['-march=x86-64-v3', '-DW=8'] },
  ],
  arm64: [{ name: 'neon', flags: ['-DW=4'] }],
}

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
  const failed = []
  for (const { name, flags } of builds) {
    const file = join(target, `kernels-${name}.node`)
    if (existsSync(file) && statSync(file).mtimeMs > newest) continue
    const beside = `${file}.${process.pid}`
    const link = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
    // contraction into fused multiply-add is the only liberty the compiler gets: a NaN must stay visible
    const args = [
      '-O3',
      '-std=gnu11',
      '-ffp-contract=fast',
      '-fno-math-errno',
      '-fno-trapping-math',
      '-fPIC',
      '-shared',
    ]
    const result = spawnSync(
      compiler,
      [...args, ...flags, ...link, `-I${include}`, join(sources, 'native.c'), '-o', beside],
      { encoding: 'utf8' },
    )
    if (result.status === 0) renameSync(beside, file)
    else {
      rmSync(beside, { force: true })
      failed.push(`${name}: ${(result.stderr || String(result.error ?? '')).split('\n')[0]}`)
    }
  }
  return failed.length === builds.length ? `the C compiler failed (${failed[0]})` : undefined
}

const reason = build()
if (reason) console.log(`scvae: ${reason}; the WebAssembly kernels will be used, at about half the speed`)
