import { packageVersion } from '../../package.js'
import type { AnnDataElements, Element } from '../elements.js'
import type { Group } from '../hdf5/hdf5.js'
import { prependUserBlock } from '../hdf5/user-block.js'
import { orWarning, type ReadContext, readElement } from '../read-element.js'
import { type ReadParts, readElements } from '../read-elements.js'
import { childGroup } from '../store/nodes.js'
import type { Store } from '../store/store.js'
import { writeElement } from '../write/element.js'
import { fillAnnData, writeNewFile } from '../write/elements.js'
import { setEncoding } from '../write/parts.js'
import { modalityNames, modalityStore } from './modality.js'

/** Everything in a MuData file. */
export interface MuDataElements {
  /** 0 where the modalities share cells, 1 where they share genes. */
  axis: number
  /** obs, var, obsm, obsmap and all else at the root, by name. */
  shared: Map<string, Element>
  /** The modalities in their order. */
  modalities: Map<string, AnnDataElements>
  /** One sentence for each element that was left out. */
  warnings: string[]
}

/**
 * Reads everything in a MuData file, whole in memory. What cannot be read is left out with one warning each.
 *
 * @param parts which matrices of the modalities are read
 * @throws ScvaeError `bad-input` for a modality whose obs or var cannot be read
 */
export async function readMuData(store: Store, parts: ReadParts): Promise<MuDataElements> {
  const { root } = store
  const context: ReadContext = { store, warnings: [], elements: 0 }
  const shared = new Map<string, Element>()
  for (const key of await root.keys()) {
    const node = key === 'mod' ? undefined : await root.child(key)
    const element = node && (await orWarning(key, context, () => readElement(node, context)))
    if (element) shared.set(key, element)
  }
  const modalities = new Map<string, AnnDataElements>()
  for (const name of await modalityNames(root)) {
    const group = (await childGroup(root, `mod/${name}`))!
    const elements = await readElements(modalityStore(store, name, group), parts)
    context.warnings.push(...elements.warnings)
    modalities.set(name, elements)
  }
  const axis = Number(root.attribute('axis') ?? 0)
  return { axis, shared, modalities, warnings: context.warnings }
}

/**
 * Writes a new `.h5mu` file, which muon reads.
 *
 * @returns one sentence for each thing that is not written as it was
 */
export async function writeMuData(
  path: string,
  { axis, shared, modalities }: MuDataElements,
): Promise<string[]> {
  const changes = await writeNewFile(
    path,
    (file, state) => {
      const number = (group: Group, name: string, value: number) =>
        group.create_attribute(name, BigInt64Array.of(BigInt(value)), [])
      number(file, 'axis', axis)
      for (const [name, element] of shared) writeElement(file, name, element, state)
      const mod = file.create_group('mod')
      mod.create_attribute('mod-order', [...modalities.keys()], [modalities.size], 'S')
      for (const [name, elements] of modalities) {
        const group = mod.create_group(name)
        setEncoding(group, 'anndata', '0.1.0')
        fillAnnData(group, elements, state)
      }
    },
    'MuData',
  )
  prependUserBlock(path, `MuData (format-version=0.1.0;creator=scvae;creator-version=${packageVersion()})`)
  return changes
}
