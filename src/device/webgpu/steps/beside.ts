import { KERNEL_WORDS, type KernelSource, kernelSource, type Work, wordsOf } from '../queue/kernel-source.js'
import { MAIN } from '../queue/kernel-wgsl.js'
import { type Groups, type Launch, launch } from '../queue/launch.js'
import { perKey } from '../queue/per-key.js'
import { prefixed, type Scope, sharedCode } from '../queue/scope.js'

/** Scalars beside those of both: workgroups of the first, and the shapes of both. */
const GRID = {
  firstGroups: 'u32',
  firstX: 'u32',
  firstY: 'u32',
  firstZ: 'u32',
  secondX: 'u32',
  secondY: 'u32',
  secondZ: 'u32',
} as const

/** Words that a kernel of two has beside those of both. */
const GRID_WORDS = Object.keys(GRID).length

/** What the names of each begin with where both are in one module. */
const FIRST = 'first_'
const SECOND = 'second_'

const withPrefix = <T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]))

/** Those of a record that have the prefix, some names of them, without it. */
const withoutPrefix = <T>(
  prefix: string,
  names: readonly string[],
  record: Readonly<Record<string, T>>,
): Record<string, T> => Object.fromEntries(names.map((name) => [name, record[prefix + name]!]))

/** Declares what one of the kernels does, with the names that it has in the scope of both; the function's name. */
function declareMain(
  { p, buffers, ...declare }: Scope<string, string>,
  prefix: string,
  { code, scalarNames, bufferNames }: KernelSource,
): string {
  const own = prefixed(declare, prefix)
  const body = code({
    ...own,
    p: withoutPrefix(prefix, scalarNames, p),
    buffers: withoutPrefix(prefix, bufferNames, buffers),
  })
  return own.fn('main', MAIN, body)
}

const PLACE = sharedCode(
  'place',
  /* wgsl */ 'fn place(i: u32, x: u32, y: u32) -> vec3u { return vec3u(i % x, i / x % y, i / (x * y)); }',
)

type OfBoth = `${typeof FIRST | typeof SECOND}${string}`

/** Two kernels as one: the first workgroups do the one, those that follow the other. */
const sourceOfBoth = perKey((first: KernelSource, second: KernelSource) =>
  kernelSource<OfBoth | keyof typeof GRID, OfBoth>({
    name: `${first.name} & ${second.name}`,
    threads: first.threads,
    light: first.light === true && second.light === true,
    scalars: { ...withPrefix(FIRST, first.scalars), ...withPrefix(SECOND, second.scalars), ...GRID },
    buffers: { ...withPrefix(FIRST, first.buffers), ...withPrefix(SECOND, second.buffers) },
    code: (scope) => {
      const { p, use } = scope
      const doFirst = declareMain(scope, FIRST, first)
      const doSecond = declareMain(scope, SECOND, second)
      const place = use(PLACE)
      return /* wgsl */ `
  if (group.x < ${p.firstGroups}) {
    ${doFirst}(${place}(group.x, ${p.firstX}, ${p.firstY}), vec3u(${p.firstX}, ${p.firstY}, ${p.firstZ}), t);
  } else {
    let i = group.x - ${p.firstGroups};
    ${doSecond}(${place}(i, ${p.secondX}, ${p.secondY}), vec3u(${p.secondX}, ${p.secondY}, ${p.secondZ}), t);
  }`
    },
    work: (scalars) => sum(workOf(first, FIRST, scalars), workOf(second, SECOND, scalars)),
  }),
)

function workOf(source: KernelSource, prefix: string, scalars: Record<string, number>): Work | undefined {
  return source.work?.(withoutPrefix(prefix, source.scalarNames, scalars))
}

function sum(a: Work | undefined, b: Work | undefined): Work | undefined {
  if (!a || !b) return a ?? b
  return { flops: a.flops + b.flops, bytes: a.bytes + b.bytes }
}

const count = ([x, y, z]: Groups): number => x * y * z

/** Two launches that do not depend on each other as one; none where they have different threads, or too many scalars together. */
export function besideEachOther(first: Launch, second: Launch): Launch | undefined {
  if (first.source.threads !== second.source.threads) return undefined
  if (wordsOf(first.source) + wordsOf(second.source) + GRID_WORDS > KERNEL_WORDS) return undefined
  const [one, other] = [first.dispatch, second.dispatch]
  const [firstX, firstY, firstZ] = one.groups
  const [secondX, secondY, secondZ] = other.groups
  const firstGroups = count(one.groups)
  const grid = { firstGroups, firstX, firstY, firstZ, secondX, secondY, secondZ }
  return launch(sourceOfBoth(first.source, second.source), {
    buffers: { ...withPrefix(FIRST, one.buffers), ...withPrefix(SECOND, other.buffers) },
    scalars: { ...withPrefix(FIRST, one.scalars), ...withPrefix(SECOND, other.scalars), ...grid },
    groups: [firstGroups + count(other.groups), 1, 1],
  })
}
