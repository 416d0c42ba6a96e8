import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SOURCE = resolve('src')

/** What the files of each room may import beside their own room; files at the root of `src` are rooms of their own. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'errors.ts': [],
  'package.ts': [],
  numeric: ['errors.ts'],
  anndata: ['errors.ts', 'package.ts', 'numeric'],
  device: ['errors.ts', 'package.ts', 'numeric'],
  network: ['errors.ts', 'package.ts', 'numeric', 'device'],
  cells: ['errors.ts', 'numeric', 'device', 'anndata'],
  files: ['errors.ts', 'package.ts', 'numeric', 'network', 'cells', 'anndata'],
  train: ['errors.ts', 'package.ts', 'numeric', 'device', 'network', 'files'],
  analysis: ['errors.ts', 'package.ts', 'numeric', 'device', 'network', 'cells', 'anndata'],
}
MAY_IMPORT.models = [...MAY_IMPORT.analysis!, 'files', 'train', 'analysis']
MAY_IMPORT.report = [...MAY_IMPORT.analysis!, 'files', 'analysis']
MAY_IMPORT.check = [...MAY_IMPORT.analysis!, 'analysis', 'models']
MAY_IMPORT['index.ts'] = [...MAY_IMPORT.models, 'models']
MAY_IMPORT.cli = [...MAY_IMPORT.models, 'models', 'report', 'check']

const roomOf = (path: string) => path.split('/')[0]!

/** The import and re-export specifiers of a TypeScript file. */
function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found = code.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;=]*?\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g,
  )
  return Array.from(found, (match) => match[1] ?? match[2]!)
}

/** Files of src by their path in it, each with the files of src that it imports. */
function readGraph(): Map<string, string[]> {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.d)\.ts$/.test(file),
  )
  return new Map(
    files.map((file) => {
      const local = specifiers(readFileSync(join(SOURCE, file), 'utf8')).filter((name) =>
        name.startsWith('.'),
      )
      const targets = local.map((name) =>
        relative(SOURCE, join(SOURCE, dirname(file), name)).replace(/\.js$/, '.ts'),
      )
      return [file, targets]
    }),
  )
}

/** A chain of files that ends where it began; undefined when there is none. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, chain: readonly string[]): string[] | undefined => {
    const at = chain.indexOf(file)
    if (at >= 0) return [...chain.slice(at), file]
    if (done.has(file)) return undefined
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target, [...chain, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const cycle = visit(file, [])
    if (cycle) return cycle
  }
  return undefined
}

const offences = (graph: ReadonlyMap<string, readonly string[]>) =>
  Array.from(graph).flatMap(([file, targets]) => {
    const room = roomOf(file)
    const allowed = MAY_IMPORT[room] ?? []
    return targets
      .filter((target) => roomOf(target) !== room && !allowed.includes(roomOf(target)))
      .map((target) => `${file} imports ${target}`)
  })

/** The packages that are loaded before the first line of a file runs: those that it and its imports name outside of types and calls. */
function packagesBefore(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>()
  if (seen.has(file)) return packages
  seen.add(file)
  const code = readFileSync(join(SOURCE, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const found = code.matchAll(
    /(?:^|\n)(?:import|export)\b(?! type\b)[^'"`;=]*?\bfrom\s*'([^']+)'|\nimport '([^']+)'/g,
  )
  for (const [, from, alone] of found) {
    const name = (from ?? alone)!
    const inner = name.startsWith('.') && join(dirname(file), name).replace(/\.js$/, '.ts')
    if (inner) for (const each of packagesBefore(inner, seen)) packages.add(each)
    else if (!name.startsWith('node:')) packages.add(name)
  }
  return packages
}

describe('imports', () => {
  const graph = readGraph()

  it('are found', () => {
    expect(graph.get('models/network-of.ts')).toContain('network/network.ts')
    expect(graph.get('index.ts')).toContain('models/scvi.ts')
    const text =
      "import type {\n  A,\n} from './a.js'\nimport './b.js'\nexport { c } from './c.js'\nconst d = await import('./d.js')\n"
    expect(specifiers(`${text}// from './e.js'\n/* import './f.js' */`).sort()).toEqual([
      './a.js',
      './b.js',
      './c.js',
      './d.js',
    ])
  })

  it('lead to files that are there, in rooms with a rule', () => {
    for (const [file, targets] of graph) {
      expect(Object.keys(MAY_IMPORT)).toContain(roomOf(file))
      for (const target of targets.filter((t) => t.endsWith('.ts'))) {
        expect(graph.has(target) || target.endsWith('.d.ts'), `${file} imports ${target}`).toBe(true)
      }
    }
  })

  it('run down only', () => {
    expect(offences(graph)).toEqual([])
    // the rule itself sees an import that runs up
    expect(offences(new Map([['network/network.ts', ['train/trainer.ts', 'device/device.ts']]]))).toEqual([
      'network/network.ts imports train/trainer.ts',
    ])
  })

  it('have no circles', () => {
    expect(cycleIn(graph)).toBeUndefined()
    expect(
      cycleIn(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b'])
  })

  it('let the command start without the readers and the models', () => {
    expect([...packagesBefore('cli/main.ts')]).toEqual(['yargs'])
    // each is loaded by what needs it
    expect([...packagesBefore('cli/fit/run-fit.ts')]).toContain('apache-arrow')
  })
})
