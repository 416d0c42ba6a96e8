import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** Writes the declarations of `src` into a folder. */
export function emitDeclarations(folder: string): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  const compiler = join(dirname(manifest), 'bin/tsc')
  execFileSync(process.execPath, [
    compiler,
    '-p',
    'tsconfig.json',
    '--emitDeclarationOnly',
    '--outDir',
    folder,
  ])
}

const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*$/gm
const EXPORT_LIST = /export (?:type )?\{([^}]*)\} from '([^']+)'/g
const EXPORT_ALL = /export \* from '([^']+)'/g
const IMPORT_LIST = /import (?:type )?\{([^}]*)\} from '([^']+)'/g
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|async function) (\w+)/

/** Names of a list in braces. */
const namesOf = (list: string) =>
  list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter(Boolean)

const fileAt = (from: string, target: string) => resolve(dirname(from), target.replace(/\.js$/, '.d.ts'))

/** What a file exports from others: name → file. */
export function reexports(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8').replace(COMMENTS, '')
  const whole = Array.from(text.matchAll(EXPORT_ALL)).flatMap(([, target]) => [
    ...reexports(fileAt(file, target!)),
  ])
  const listed = Array.from(text.matchAll(EXPORT_LIST)).flatMap(([, list, target]) =>
    namesOf(list!).map((name): [string, string] => [name, fileAt(file, target!)]),
  )
  return new Map([...whole, ...listed])
}

/** The names of this package's types in a declaration, in a file or in the one that it is handed on from. */
export function mentionsOf(name: string, file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(COMMENTS, '')
  const handedOn = reexports(file).get(name)
  if (handedOn) return mentionsOf(name, handedOn)
  const local = new Map<string, string>()
  let current: string | undefined
  for (const line of text.split('\n')) {
    const begun = DECLARATION.exec(line)?.[1]
    if (begun) current = begun
    else if (/^\S/.test(line) && !/^[})\]]/.test(line)) current = undefined
    // protected members are for those who write models
    if (current && !/^\s+(protected|private) /.test(line)) {
      local.set(current, `${local.get(current) ?? ''}${line}\n`)
    }
  }
  const own = local.get(name)
  if (own === undefined) throw new Error(`${file} does not declare ${name}`)
  const imported = Array.from(text.matchAll(IMPORT_LIST))
    .filter(([, , target]) => target!.startsWith('.'))
    .flatMap(([, list]) => namesOf(list!))
  // values that types are derived from are written in capitals
  const known = [...imported, ...local.keys()].filter((one) => one !== name && /[a-z]/.test(one))
  return known.filter((one) => new RegExp(`\\b${one}\\b`).test(own))
}
