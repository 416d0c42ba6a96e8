// What native builds are compiled with, by this machine's compiler or for other machines.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** One build for each kind of processor; the best one that runs is picked at run time. */
export const BUILDS = {
  x64: [
    { name: 'avx512', flags: ['-march=x86-64-v4', '-mprefer-vector-width=512', '-DW=16'] },
    { name: 'avx2', flags: ['-march=x86-64-v3', '-DW=8'] },
  ],
  arm64: [{ name: 'neon', flags: ['-DW=4'] }],
}

// contraction into fused multiply-add is the only liberty the compiler gets: a NaN must stay visible
export const FLAGS = [
  '-O3',
  '-std=gnu11',
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-shared',
]

/** The list beside the builds by which a file that is not as it was made is known: the SHA-256 of each. */
export const LIST = 'builds.json'

export const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex')

/** What a list of builds says; nothing where there is none. */
export function readList(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}
