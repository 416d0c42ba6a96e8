import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { namesIn, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const [home, temporary, cells] = ['home', 'temporary', 'cells'].map((name) => join(folder, name))

/** A shell that reaches no network, where the system lets us make one; else one that does. */
const shell =
  process.platform === 'linux' && spawnSync('unshare', ['-n', 'true']).status === 0
    ? ['unshare', '-n', 'sh']
    : ['sh']

const COMMANDS = [
  'simulate cells.h5ad --cells 300 --genes 200',
  'inspect cells.h5ad',
  'design cells.h5ad',
  'fit cells.h5ad --batch-key batch --max-epochs 2 --csv --parquet --multiqc -o out',
  'evaluate out.h5ad --batch-key batch --labels-key cell_type --multiqc -o out',
  'embed out.model cells.h5ad -o embedded.h5ad',
  'de out.model out.h5ad --groupby cell_type -o out',
  'convert out.h5ad out.zarr.zip',
]

it('needs no network, and leaves nothing in the home folder, TMPDIR or anywhere but beside its outputs', () => {
  for (const path of [home!, temporary!, cells!]) mkdirSync(path)
  const { XDG_CACHE_HOME: _, ...rest } = process.env
  const env = { ...rest, HOME: home, TMPDIR: temporary, SCVAE: resolve('dist/src/cli/main.js') }
  const script = COMMANDS.map((words) => `node "$SCVAE" ${words} --quiet > /dev/null`).join('\n')
  const [command, ...words] = shell
  execFileSync(command!, [...words, '-ec', script], { cwd: cells, env, stdio: 'pipe' })
  expect(readdirSync(home!)).toEqual([])
  expect(readdirSync(temporary!)).toEqual([])
  expect(namesIn(folder)).toEqual(['cells', 'home', 'temporary'])
  const strange = namesIn(cells!).filter((name) => !/^(cells|embedded)\.h5ad$|^out[._]/.test(name))
  expect(strange).toEqual([])
}, 200_000)
