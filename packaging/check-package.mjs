// Installs the packed package globally, from nothing, on each Node that it is for, and runs it in an empty folder:
//
//     node packaging/check-package.mjs [PACKAGE.tgz]     without one, it is packed here, with native kernels of this platform alone
//
// On each Node: a file is made, fitted and embedded by native kernels; then the native file is damaged and, after that, taken
// away, and WebAssembly computes, with one line that says so. Nothing may be written to the home folder. Nodes are those of npm's
// package "node"; SCVAE_CHECK_NODES="20 22" takes others.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const MEGABYTES = 15
const nodes = (process.env.SCVAE_CHECK_NODES ?? '20 22 24').split(' ')
const work = mkdtempSync(join(tmpdir(), 'scvae-package-'))

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', cwd: work, ...options })
  if (result.status === 0) return result
  throw new Error(`${[command, ...args].join(' ')}\n${result.error ?? ''}${result.stdout}${result.stderr}`)
}

function check(holds, said) {
  if (!holds) throw new Error(said)
}

/** The package's file. Kernels that it is packed with are taken away again: beside those of a clone, they would be tested as well. */
function packed() {
  const there = existsSync(join(root, 'prebuilds'))
  try {
    const platform = `${process.platform}-${process.arch}`
    run(process.execPath, ['scripts/build-prebuilds.mjs', platform], { cwd: root })
    const { stdout } = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', work], {
      cwd: root,
    })
    return join(work, JSON.parse(stdout)[0].filename)
  } finally {
    if (!there) rmSync(join(root, 'prebuilds'), { recursive: true, force: true })
  }
}

/** Installs a Node of its own, and the package by it; the environment in which both are found. */
function installed(version, tarball, folder) {
  const home = join(folder, 'home')
  for (const name of ['node', 'home', 'cells']) mkdirSync(join(folder, name), { recursive: true })
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', ...quiet, '--prefix', join(folder, 'node'), `node@${version}`], { cwd: folder })
  const path = [join(folder, 'node/node_modules/node/bin'), join(folder, 'global/bin'), process.env.PATH]
  const env = { ...process.env, PATH: path.join(delimiter) }
  run('npm', ['install', ...quiet, '--global', '--prefix', join(folder, 'global'), tarball], { env })
  // from here on nothing is left to a home that has been used
  const { XDG_CACHE_HOME: _, ...rest } = env
  return { ...rest, HOME: home }
}

function checkNode(version, tarball) {
  const folder = join(work, `node-${version}`)
  const env = installed(version, tarball, folder)
  const cwd = join(folder, 'cells')
  const node = run('node', ['--version'], { env }).stdout.trim()
  check(node.startsWith(`v${version}.`), `Node is ${node}, not ${version}`)
  const scvae = (...args) => run('scvae', args, { env, cwd })
  scvae('simulate', 'cells.h5ad', '--cells', '300', '--genes', '200')
  const fitAs = (name) => {
    const { stdout, stderr } = scvae(
      ...['fit', 'cells.h5ad', '-o', name, '--max-epochs', '2', '--no-umap', '--quiet', '--json'],
    )
    check(stdout.trimEnd().split('\n').length === 1, `fit --quiet --json printed\n${stdout}`)
    const warned = stderr.split('\n').filter((line) => line.includes('kernels run instead'))
    return { kernels: JSON.parse(stdout).kernels, warned }
  }
  const whole = fitAs('native')
  check(/^native/.test(whole.kernels) && whole.warned.length === 0, `${whole.kernels}: ${whole.warned}`)
  scvae('embed', 'native.model', 'cells.h5ad', '-o', 'embedded.h5ad')

  const prebuilds = join(
    folder,
    'global/lib/node_modules/scvae/prebuilds',
    `${process.platform}-${process.arch}`,
  )
  const natives = readdirSync(prebuilds).filter((file) => file.endsWith('.node'))
  check(natives.length > 0, `no native kernels in ${prebuilds}`)
  const spoilt = {
    damaged: (file) => writeFileSync(file, readFileSync(file).subarray(0, 1000)),
    missing: (file) => rmSync(file),
  }
  for (const [name, spoil] of Object.entries(spoilt)) {
    for (const file of natives) spoil(join(prebuilds, file))
    const { kernels, warned } = fitAs(name)
    check(/^wasm/.test(kernels) && warned.length === 1, `${name}: ${kernels}: ${warned.join('\n')}`)
    console.log(`  ${name}: ${kernels}; "${warned[0]}"`)
  }
  check(readdirSync(env.HOME).length === 0, `the home folder has ${readdirSync(env.HOME)}`)
  console.log(`  Node ${node}: ${whole.kernels}, nothing in the home folder`)
}

try {
  const tarball = process.argv[2] ? resolve(process.argv[2]) : packed()
  const size = statSync(tarball).size / 1e6
  console.log(`${tarball.split('/').at(-1)}: ${size.toFixed(1)} MB`)
  check(size < MEGABYTES, `the package is over ${MEGABYTES} MB`)
  for (const version of nodes) {
    console.log(`Node ${version}`)
    checkNode(version, tarball)
  }
  console.log('the package runs')
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
