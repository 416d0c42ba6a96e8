// Cross-compiles the native kernels that are in the npm package, for every platform, with the clang of PyPI's "ziglang":
//
//     node scripts/build-prebuilds.mjs [PLATFORM-ARCH ...]
//
// Zig lives in a virtual environment of this script's own, in ~/.cache/scvae (or SCVAE_ZIG, a command, takes its place). It takes
// Python and, the first time, PyPI. The builds go to prebuilds/PLATFORM-ARCH, which npm packs and git ignores.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUILDS, FLAGS, LIST, readList, sha256 } from './native-builds.mjs'

const ZIG_VERSION = '0.15.2'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = join(root, 'src/device/cpu/kernels')

/** The C library of Linux is one that is older than any that Node 20 runs on. */
const PLATFORMS = {
  'linux-x64': { target: 'x86_64-linux-gnu.2.17', flags: ['-fPIC'] },
  'linux-arm64': { target: 'aarch64-linux-gnu.2.17', flags: ['-fPIC'] },
  'darwin-arm64': { target: 'aarch64-macos', flags: ['-fPIC', '-Wl,-undefined,dynamic_lookup'] },
  // macOS hides AVX-512 from a process until it uses it
  'darwin-x64': {
    target: 'x86_64-macos',
    flags: ['-fPIC', '-Wl,-undefined,dynamic_lookup'],
    without: 'avx512',
  },
  'win32-x64': { target: 'x86_64-windows-gnu', flags: [] },
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: root })
  if (status === 0) return
  const said = (stderr || stdout || String(error ?? '')).trim().split('\n').slice(-8).join('\n')
  console.error(`${said}\nscvae: "${[command, ...args].join(' ').slice(0, 120)} …" failed`)
  process.exit(1)
}

/** The command that Zig is called by, installed where it is not. */
function zig() {
  if (process.env.SCVAE_ZIG) return process.env.SCVAE_ZIG.split(' ')
  const folder = join(homedir(), '.cache/scvae', `zig-${ZIG_VERSION}`)
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const isThere = () => spawnSync(python, ['-m', 'ziglang', 'version']).status === 0
  if (!isThere()) {
    console.log(`scvae: ziglang ${ZIG_VERSION} is installed in ${folder}`)
    run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', folder])
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `ziglang==${ZIG_VERSION}`])
  }
  return [python, '-m', 'ziglang']
}

const [command, ...first] = zig()
const napi = createRequire(import.meta.url)('node-api-headers')
// Zig writes names of processors with underscores
const zigFlag = (flag) => flag.replace('-march=x86-64-', '-march=x86_64_')

const scripts = ['build-prebuilds.mjs', 'native-builds.mjs'].map((file) => join(root, 'scripts', file))
const newest = Math.max(
  ...[...readdirSync(sources).map((file) => join(sources, file)), ...scripts].map(
    (file) => statSync(file).mtimeMs,
  ),
)

/** What Windows links to in place of symbols that Node brings at run time. */
function importLibrary(folder) {
  const library = join(folder, 'node.lib')
  run(command, [
    ...first,
    'dlltool',
    '-m',
    'i386:x86-64',
    '-D',
    'node.exe',
    '-d',
    napi.def_paths.node_api_def,
    '-l',
    library,
  ])
  return library
}

const asked = process.argv.slice(2)
for (const name of asked) {
  if (PLATFORMS[name]) continue
  console.error(`scvae: there is no platform "${name}"; there are ${Object.keys(PLATFORMS).join(', ')}`)
  process.exit(2)
}
for (const platform of asked.length > 0 ? asked : Object.keys(PLATFORMS)) {
  const { target, flags, without } = PLATFORMS[platform]
  const folder = join(root, 'prebuilds', platform)
  mkdirSync(folder, { recursive: true })
  const known = readList(join(folder, LIST))
  const hashes = {}
  for (const build of BUILDS[platform.split('-')[1]]) {
    if (build.name === without) continue
    const key = `kernels-${build.name}.node`
    const file = join(folder, key)
    const isNew = existsSync(file) && statSync(file).mtimeMs > newest && known[key] === sha256(file)
    if (!isNew) {
      const start = Date.now()
      const beside = join(folder, `new-${key}`)
      const library = platform.startsWith('win32') ? [importLibrary(folder)] : []
      const input = [`-I${napi.include_dir}`, join(sources, 'native.c'), ...library, '-o', beside]
      run(command, [
        ...first,
        'cc',
        '-target',
        target,
        ...FLAGS,
        '-s',
        ...flags,
        ...build.flags.map(zigFlag),
        ...input,
      ])
      renameSync(beside, file)
      for (const left of readdirSync(folder))
        if (!left.endsWith('.node') && left !== LIST) rmSync(join(folder, left))
      console.log(
        `${platform} ${build.name}: ${Math.round(statSync(file).size / 1024)} KiB, ${Math.round((Date.now() - start) / 1000)} s`,
      )
    }
    hashes[key] = sha256(file)
  }
  for (const left of readdirSync(folder)) if (!hashes[left] && left !== LIST) rmSync(join(folder, left))
  writeFileSync(join(folder, LIST), `${JSON.stringify(hashes, null, 2)}\n`)
}
