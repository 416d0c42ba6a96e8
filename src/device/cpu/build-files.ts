import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../package.js'

/** A build of the kernels: a file, and what it is called. */
export interface KernelBuild {
  /** "native avx512", "wasm simd". */
  readonly name: string
  readonly file: string
  /** Start of the SHA-256 of its file: builds of one id are the same build. */
  readonly id: string
  /** Whether a compiler of this machine has made it. */
  readonly builtHere: boolean
}

/** A build that should be there and is not, or not as it was made. */
export interface BrokenBuild {
  readonly name: string
  readonly file: string
  readonly reason: string
}

/** Native builds, the best first. */
const NATIVE = ['avx512', 'avx2', 'neon']

/** Best first. Relaxed SIMD brings fused multiply-add. */
const WASM = { 'wasm relaxed': 'kernels-relaxed.wasm', 'wasm simd': 'kernels.wasm' }

/** Characters of a SHA-256 that make an id. */
const ID_LENGTH = 12

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What a folder of native builds says that is in it: the SHA-256 of each file. None where there is no such list. */
function listed(folder: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(join(folder, 'builds.json'), 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}

/**
 * The files of the builds for this platform that are as they were made, whether or not this processor takes them, best first;
 * and those that are not. A native file is never loaded before its hash is known to be right: a shortened one can end the process.
 *
 * @param root folder of the package
 */
export function findBuildFiles(root: string = PACKAGE_ROOT): {
  builds: KernelBuild[]
  broken: BrokenBuild[]
} {
  const builds: KernelBuild[] = []
  const broken: BrokenBuild[] = []
  const folders = [
    { folder: join(root, 'build'), builtHere: true },
    { folder: join(root, 'prebuilds', `${process.platform}-${process.arch}`), builtHere: false },
  ].map((place) => ({ ...place, hashes: listed(place.folder) }))
  for (const instructions of NATIVE) {
    const name = `native ${instructions}`
    for (const { folder, hashes, builtHere } of folders) {
      const hash = hashes[`kernels-${instructions}.node`]
      if (hash === undefined) continue
      const file = join(folder, `kernels-${instructions}.node`)
      if (!existsSync(file)) broken.push({ name, file, reason: 'is missing' })
      else if (sha256(readFileSync(file)) !== hash) broken.push({ name, file, reason: 'is damaged' })
      else builds.push({ name, file, id: hash.slice(0, ID_LENGTH), builtHere })
    }
  }
  for (const [name, wasm] of Object.entries(WASM)) {
    const file = join(root, 'dist/kernels', wasm)
    if (!existsSync(file)) continue
    const bytes = readFileSync(file)
    if (WebAssembly.validate(bytes)) {
      builds.push({ name, file, id: sha256(bytes).slice(0, ID_LENGTH), builtHere: false })
    }
  }
  return { builds, broken }
}
