import { ScvaeError } from '../../errors.js'
import type { AttributeValue, StoreArray, StoreGroup, StoreNode } from './store.js'

/** The key of an element in the registries: `encoding-type@encoding-version`, or undefined where it carries none. */
export function encodingOf(node: StoreNode): string | undefined {
  const type = singleAttribute(node, 'encoding-type')
  const version = singleAttribute(node, 'encoding-version')
  return typeof type === 'string' && type !== '' ? `${type}@${version ?? ''}` : undefined
}

/** An attribute of one value, which some writers store as a list of one. */
export function singleAttribute(
  node: StoreNode,
  name: string,
): Exclude<AttributeValue, readonly unknown[]> | undefined {
  const value = node.attribute(name)
  if (typeof value !== 'object') return value
  return value.length === 1 ? value[0] : undefined
}

/** The group at a path below, or undefined. */
export async function childGroup(parent: StoreGroup, path: string): Promise<StoreGroup | undefined> {
  const node = await parent.child(path)
  return node?.kind === 'group' ? node : undefined
}

/**
 * A part that an element must have.
 *
 * @throws ScvaeError `bad-input` where it is missing or a group
 */
export async function requiredArray(element: StoreNode, name: string, file: string): Promise<StoreArray> {
  const part = element.kind === 'group' ? await element.child(name) : undefined
  if (part?.kind !== 'array') throw damagedElement(element, file, `has no ${name}`)
  return part
}

/** The error of an element whose parts are missing or contradict each other. */
export function damagedElement(element: StoreNode, file: string, what: string): ScvaeError {
  return new ScvaeError('bad-input', `"${file}": ${element.path} ${what}.`)
}

/** The error of an element with an encoding that has no reader. */
export function unknownEncoding(element: StoreNode, file: string): ScvaeError {
  const encoding = encodingOf(element)?.replace('@', ' ')
  return damagedElement(
    element,
    file,
    encoding
      ? `has the encoding ${encoding}, which scvae does not read`
      : 'is of a kind that scvae does not read',
  )
}
