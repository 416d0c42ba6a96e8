import { relative } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { ScvaeError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package.js'
import { type BrokenBuild, findBuildFiles, type KernelBuild } from './build-files.js'
import { INTERFACE, isNative, loadAddon } from './load-build.js'
import { processorMayTake } from './processor.js'

export type { KernelBuild }

/** Which build of the kernels to use: the best, or one kind. */
export type KernelChoice = 'auto' | 'native' | 'wasm'

/** A build that was chosen. */
export interface PickedBuild {
  readonly build: KernelBuild
  /** One sentence where a better one should be there and cannot be used. */
  readonly warning?: string
}

/** Says in a few words what is wrong with what a build computes; nothing where all is well. */
export type BuildTest = (build: KernelBuild) => Promise<string | undefined>

/** V8 switched relaxed SIMD on in the version after the one of Node 20, which has it whole behind a flag. */
function allowRelaxedSimd(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd')
}

/** Why a build cannot be loaded here, or 'other processor'; nothing where it can. */
function refusal({ file }: KernelBuild): string | undefined {
  if (!isNative(file)) return undefined
  try {
    const addon = loadAddon(file)
    if (addon.interface !== INTERFACE) return 'is of older sources'
    return addon.runsHere ? undefined : 'other processor'
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n')
    return `does not load (${line})`
  }
}

/**
 * The builds of the kernels that are there and that run here, best first: "native avx512", …, "wasm simd". One that this machine's
 * compiler has made comes before a prebuilt one of the same instructions.
 */
export function findBuilds(root: string = PACKAGE_ROOT): { builds: KernelBuild[]; broken: BrokenBuild[] } {
  allowRelaxedSimd()
  const found = findBuildFiles(root)
  const broken = found.broken.filter(({ name }) => processorMayTake(name))
  const builds = found.builds.filter((build) => {
    if (!processorMayTake(build.name)) return false
    const reason = refusal(build)
    if (reason !== undefined && reason !== 'other processor') broken.push({ ...build, reason })
    return reason === undefined
  })
  return { builds, broken }
}

/** The names of {@link findBuilds}, each once. */
export function availableBuilds(): string[] {
  return [...new Set(findBuilds().builds.map(({ name }) => name))]
}

/** Outcomes of the tests of builds in this process, by file and id. */
const tested = new Map<string, Promise<string | undefined>>()

function testOnce(build: KernelBuild, test: BuildTest): Promise<string | undefined> {
  const key = `${build.file} ${build.id}`
  let outcome = tested.get(key)
  if (outcome === undefined) {
    outcome = test(build)
    tested.set(key, outcome)
  }
  return outcome
}

/** From the best instructions to the least, as names of builds start. */
const ORDER = ['native avx512', 'native avx2', 'native neon', 'wasm relaxed', 'wasm simd']

/**
 * Picks the best build that passes a test.
 *
 * @param choice `auto` for the best one, `native` or `wasm` for the best of a kind, or a build's full name or id
 * @param test is asked once a process and build
 * @param root folder of the package
 * @throws ScvaeError (no-device) when there is none of that kind.
 */
export async function pickBuild(
  choice: KernelChoice | string,
  test: BuildTest,
  root: string = PACKAGE_ROOT,
): Promise<PickedBuild> {
  const { builds, broken } = findBuilds(root)
  const isChosen = ({ name, id }: { name: string; id?: string }) =>
    choice === 'auto' || choice === name || choice === id || name.startsWith(`${choice} `)
  const failed = broken.filter(isChosen)
  for (const build of builds.filter(isChosen)) {
    const reason = await testOnce(build, test)
    if (reason !== undefined) {
      failed.push({ ...build, reason })
      continue
    }
    const better = failed.filter(({ name }) => ORDER.indexOf(name) < ORDER.indexOf(build.name))
    if (better.length === 0) return { build }
    return {
      build,
      warning: `${sentence(better, root)}: the ${build.name} kernels run instead${cost(build, better)}.`,
    }
  }
  const names = builds.map(({ name }) => name).join(', ') || 'none'
  const reasons = failed.length > 0 ? `: ${sentence(failed, root)}` : ''
  throw new ScvaeError(
    'no-device',
    `There is no "${choice}" build of the kernels here (there is: ${names})${reasons}.`,
    {
      hint:
        choice === 'native'
          ? 'Use --kernels wasm; or with a C compiler, run "npm run build" in a clone of the repository.'
          : 'Install scvae again, or run "npm run build" in a clone of the repository.',
    },
  )
}

const sentence = (broken: readonly BrokenBuild[], root: string): string =>
  broken.map(({ file, reason }) => `${relative(root, file)} ${reason}`).join(', ')

const cost = ({ file }: KernelBuild, better: readonly BrokenBuild[]): string =>
  !isNative(file) && better.some((one) => isNative(one.file)) ? ', at about half the speed' : ''
