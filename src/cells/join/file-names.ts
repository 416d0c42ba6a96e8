import { basename, dirname } from 'node:path'

/** Names of folders and files that say nothing of a sample: tools give them to all of them. */
const COMMON =
  /^(filtered|raw|sample_filtered|sample_raw)_(feature|gene)_bc_matri(x|ces)(_mex|_h5)?$|^matrix$|^(filtered|raw)$|^outs$|^counts(_filtered|_unfiltered)?$|^Gene(Full)?$/

/** What tells files apart: the name of each without its ending, or of its folder where all of a tool's are named alike. */
export function fileNames(paths: readonly string[]): string[] {
  return uniqueNames(paths.map(nameOf))
}

function nameOf(path: string): string {
  const clean = path.replace(/[/\\]+$/, '')
  const name = basename(clean)
    .replace(/\.gz$/, '')
    .replace(/(\.zarr)?\.(h5ad|h5mu|h5|zip|zarr|loom|mtx)$/i, '')
  const folder = dirname(clean)
  return COMMON.test(name) && folder !== '.' && folder !== clean ? nameOf(folder) : name
}

/** Names of which each stands once: another of the same gets the first number that makes it unique, `-1` and on. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names)
  const seen = new Set<string>()
  const next = new Map<string, number>()
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name)
      return name
    }
    let number = next.get(name) ?? 1
    while (taken.has(`${name}-${number}`)) number++
    next.set(name, number + 1)
    const unique = `${name}-${number}`
    taken.add(unique)
    seen.add(unique)
    return unique
  })
}
