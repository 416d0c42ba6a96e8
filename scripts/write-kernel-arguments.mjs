// Writes both sides of the kernels' arguments from their table: the C header and the TypeScript that packs them. Both are
// committed, as an installation compiles the kernels. With --check nothing is written and a difference is an error.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KERNELS, STRUCTS } from '../src/device/cpu/kernels/table.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '../src/device/cpu')

/** How each kind that is one word is declared in C, given in TypeScript, and written to the arena. */
const KINDS = {
  int: { c: 'int ', ts: 'number', word: (x) => x },
  uint: { c: 'uint32_t ', ts: 'number', word: (x) => x },
  float: { c: 'float ', ts: 'number', word: (x) => x },
  flag: { c: 'int ', ts: 'boolean', word: (x) => `${x} ? 1 : 0` },
  tensor: { c: 'float *', ts: 'Tensor', word: (x) => `cpu(${x}).offset` },
  floats: { c: 'float *', ts: 'number', word: (x) => x },
  doubles: { c: 'double *', ts: 'number', word: (x) => x },
  ints: { c: 'int32_t *', ts: 'number', word: (x) => x },
}

const snake = (name) => name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
const pascal = (name) => name[0].toUpperCase() + name.slice(1)

/** The fields of a table's entry, each with the word where it starts, and the words of all. */
function layOut(entry) {
  let words = 0
  const fields = Object.entries(entry).map(([name, given]) => {
    const kind = given.replace('?', '')
    const struct = STRUCTS[kind]
    if (!struct && !KINDS[kind]) throw new Error(`The kernel table has no kind of argument "${given}".`)
    const field = { name, kind, at: words, struct: struct !== undefined, optional: given.endsWith('?') }
    words += struct ? layOut(struct).words : 1
    return field
  })
  return { fields, words }
}

const structs = Object.entries(STRUCTS).map(([name, entry]) => ({ name, ...layOut(entry) }))
const kernels = Object.entries(KERNELS).map(([name, entry]) => ({ name, ...layOut(entry) }))

/** A struct of C and the function that reads it; one that several kernels share is read from word `i` on. */
function cStruct(type, reader, fields, shared) {
  return [
    'typedef struct {',
    ...fields.map(({ name, kind, struct }) => `  ${struct ? `${kind} ` : KINDS[kind].c}${snake(name)};`),
    `} ${type};`,
    '',
    `INLINE ${type} ${reader}(const Call *c${shared ? ', int i' : ''}) {`,
    `  return (${type}){`,
    ...fields.map(
      ({ name, kind, at }) => `    .${snake(name)} = ${snake(kind)}_arg(c, ${shared ? 'i + ' : ''}${at}),`,
    ),
    '  };',
    '}',
    '',
  ]
}

function header() {
  return [
    '/* Written from table.mjs by "npm run build": change that file, not this one. */',
    '#ifndef SCVAE_ARGUMENTS_H',
    '#define SCVAE_ARGUMENTS_H',
    '',
    '#include "memory.h"',
    '',
    ...structs.flatMap(({ name, fields }) => cStruct(name, `${snake(name)}_arg`, fields, true)),
    ...kernels.flatMap(({ name, fields }) => cStruct(`${pascal(name)}Args`, `${snake(name)}_args`, fields)),
    `#define EACH_KERNEL(CALL) \\`,
    kernels.map(({ name }, number) => `  CALL(${number}, ${snake(name)})`).join(' \\\n'),
    '',
    '#endif',
    '',
  ].join('\n')
}

function tsInterface(name, fields) {
  const types = fields.map(({ name, kind, struct, optional }) => {
    const type = struct ? `${kind}Arguments` : KINDS[kind].ts
    return `  readonly ${name}: ${type}${optional ? ' | undefined' : ''}`
  })
  return [`export interface ${pascal(name)}Arguments {`, ...types, '}', '']
}

function tsPacker(name, fields) {
  const lines = fields.flatMap(({ name, kind, at, struct, optional }) => {
    const word = at === 0 ? 'at' : `at + ${at}`
    const value = `a.${name}`
    if (struct) {
      const pack = `pack${kind}(arena, ${word}, ${value})`
      if (!optional) return [pack]
      const { words } = structs.find((s) => s.name === kind)
      return [`if (${value}) ${pack}`, `else ints.fill(0, ${word}, at + ${at + words})`]
    }
    const given = KINDS[kind].word(value)
    return [
      `${kind === 'float' ? 'floats' : 'ints'}[${word}] = ${optional ? `${value} ? ${given} : 0` : given}`,
    ]
  })
  const views = ['ints', 'floats'].filter((view) =>
    lines.some((line) => line.includes(`${view}[`) || line.includes(`${view}.`)),
  )
  return [
    `function pack${pascal(name)}(arena: Arena, at: number, a: ${pascal(name)}Arguments): void {`,
    ...(views.length > 0 ? [`  const { ${views.join(', ')} } = arena`] : []),
    ...lines.map((line) => `  ${line}`),
    '}',
    '',
  ]
}

function typescript() {
  const all = [...structs, ...kernels]
  return [
    '// Written from kernels/table.mjs by "npm run build": change that file, not this one.',
    "import type { Tensor } from '../device.js'",
    "import type { Arena } from './arena.js'",
    "import { cpu } from './cpu-tensor.js'",
    '',
    ...all.flatMap(({ name, fields }) => tsInterface(name, fields)),
    '/** What each kernel is called with. */',
    'export interface KernelArguments {',
    ...kernels.map(({ name }) => `  ${name}: ${pascal(name)}Arguments`),
    '}',
    '',
    'export type KernelName = keyof KernelArguments',
    '',
    '/** The kernels by their numbers. */',
    'export const KERNEL_NAMES: readonly KernelName[] = [',
    ...kernels.map(({ name }) => `  '${name}',`),
    ']',
    '',
    "/** Words of a kernel's arguments at the most. */",
    `export const MOST_WORDS = ${Math.max(...kernels.map(({ words }) => words))}`,
    '',
    ...all.flatMap(({ name, fields }) => tsPacker(name, fields)),
    "/** Each kernel's number and what writes its arguments from a word of the arena on. */",
    'export const KERNELS: {',
    '  readonly [K in KernelName]: {',
    '    readonly number: number',
    '    readonly pack: (arena: Arena, at: number, args: KernelArguments[K]) => void',
    '  }',
    '} = {',
    ...kernels.map(({ name }, number) => `  ${name}: { number: ${number}, pack: pack${pascal(name)} },`),
    '}',
    '',
  ].join('\n')
}

const checking = process.argv.includes('--check')
for (const [file, text] of [
  [join(root, 'kernels/arguments.h'), header()],
  [join(root, 'kernel-arguments.ts'), typescript()],
]) {
  let before
  try {
    before = readFileSync(file, 'utf8')
  } catch {}
  // a file that is as it should be keeps its time, so that nothing is compiled anew
  if (before === text) continue
  if (checking) {
    console.error(`${file} is not what the table of the kernels says: run "npm run build".`)
    process.exitCode = 1
  } else writeFileSync(file, text)
}
