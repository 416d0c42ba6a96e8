import { ScvaeError } from '../../errors.js'

/** The attributes of an element's encoding. */
export function encoding(type: string, version: string): Readonly<Record<string, string>> {
  return { 'encoding-type': type, 'encoding-version': version }
}

/** Files of zarr itself, which no element may be called. */
const TAKEN = new Set(['.', '..', '.zarray', '.zattrs', '.zgroup', '.zmetadata', 'zarr.json'])

/**
 * The path of a member of a group.
 *
 * @throws ScvaeError `bad-input` for a name that cannot be a folder's
 */
export function memberPath(group: string, name: string): string {
  if (name === '' || name.includes('/') || name.includes('\0') || TAKEN.has(name)) {
    const where = group === '' ? 'the store' : group
    throw new ScvaeError('bad-input', `"${name}" cannot be the name of an element of ${where}.`)
  }
  return group === '' ? name : `${group}/${name}`
}
