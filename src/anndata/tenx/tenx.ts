import { ScvaeError } from '../../errors.js'
import { assembleAnnData } from '../assemble.js'
import { arrowTable } from '../frame/arrow-table.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import { readAllStrings } from '../store/read-strings.js'
import type { Store, StoreGroup } from '../store/store.js'
import {
  chooseFeatures,
  type FeatureOptions,
  featureTable,
  renumbering,
  type TenXFeatures,
  unknownGenome,
} from './features.js'
import { readTenXMatrix } from './matrix.js'

/** The parts that the group of every 10x matrix has. */
const PARTS = ['barcodes', 'data', 'indices', 'indptr', 'shape']

/** Names of CellRanger's feature columns, and what scanpy makes of them; others keep their names. */
const COLUMN_NAMES: Readonly<Record<string, string>> = { id: 'gene_ids', feature_type: 'feature_types' }

/** Columns that come first, as far as they are there. */
const FIRST_COLUMNS = ['id', 'feature_type', 'genome']

/** The groups of an HDF5 file that hold a 10x matrix: `matrix` of CellRanger 3 and later, or one a genome before. */
export async function tenXGroups(root: StoreGroup): Promise<StoreGroup[]> {
  const groups: StoreGroup[] = []
  for (const name of await root.keys()) {
    const node = await root.child(name)
    if (node?.kind !== 'group') continue
    const keys = await node.keys()
    if (PARTS.every((part) => keys.includes(part))) groups.push(node)
  }
  return groups
}

/**
 * Reads a 10x matrix in HDF5, of CellRanger 1 and 2 (a group a genome) or 3 and later (`matrix` with features).
 *
 * Values are streamed into blocks of sparse rows; features that are left out fall away on the way.
 *
 * @throws ScvaeError `bad-input` for a file that holds no such matrix or a damaged one, several genomes of which none was
 * asked for, and a genome or feature type that is not there; `usage` for an unknown option
 */
export async function readTenX(store: Store, options: FeatureOptions = {}): Promise<AnnData> {
  checkOptionKeys('readTenX', options, ['featureType', 'genome'])
  const { file } = store
  const warnings: string[] = []
  const { group, narrowing } = await chooseGroup(store, options)
  const features = await readFeatures(group, file, warnings)
  const kept = chooseFeatures(features, narrowing, file, warnings)
  const barcodes = await stringsOf(group, 'barcodes', file)
  const { names, table } = featureTable(features, kept)
  const { counts, values } = await readTenXMatrix(group, file, {
    nCells: barcodes.length,
    nFeatures: features.names.length,
    nGenes: names.length,
    newGene: kept && renumbering(kept, features.names.length),
  })
  return assembleAnnData({
    path: file,
    obs: arrowTable([], barcodes.length),
    obsNames: barcodes,
    var: table,
    varNames: names,
    counts,
    values,
    warnings,
  })
}

/** The group to read, and what of the options is left to its features: before CellRanger 3 the group is the genome. */
async function chooseGroup(
  { root, file }: Store,
  options: FeatureOptions,
): Promise<{ group: StoreGroup; narrowing: FeatureOptions }> {
  const groups = await tenXGroups(root)
  const current = groups.find(({ path }) => path === 'matrix')
  if (current) return { group: current, narrowing: options }
  if (groups.length === 0) {
    throw new ScvaeError(
      'bad-input',
      `"${file}" has no group with the parts of a 10x matrix (${PARTS.join(', ')}).`,
    )
  }
  const { genome, ...narrowing } = options
  const genomes = groups.map(({ path }) => path)
  if (genome !== undefined) {
    const group = groups.find(({ path }) => path === genome)
    if (group) return { group, narrowing }
    throw unknownGenome(file, genome, genomes)
  }
  if (groups.length === 1) return { group: groups[0]!, narrowing }
  throw new ScvaeError('bad-input', `"${file}" holds a matrix for each of ${groups.length} genomes.`, {
    hint: `Choose one with --genome: ${genomes.join(', ')}.`,
  })
}

async function readFeatures(group: StoreGroup, file: string, warnings: string[]): Promise<TenXFeatures> {
  const features = await group.child('features')
  if (features?.kind !== 'group') {
    const names = await stringsOf(group, 'gene_names', file)
    const gene_ids = await stringsOf(group, 'genes', file)
    checkLength(group, 'genes', gene_ids, names.length, file)
    return { names, columns: { gene_ids } }
  }
  const names = await stringsOf(features, 'name', file)
  const columns: Record<string, string[]> = {}
  const keys = await features.keys()
  const others = keys.filter((key) => key !== 'name' && !FIRST_COLUMNS.includes(key))
  for (const key of [...FIRST_COLUMNS.filter((first) => keys.includes(first)), ...others]) {
    const required = FIRST_COLUMNS.includes(key)
    const node = await features.child(key)
    const text = node?.kind === 'array' && node.dtype === 'string' && node.shape?.length === 1
    if (required || (text && node.shape?.[0] === names.length)) {
      const values = await stringsOf(features, key, file)
      checkLength(features, key, values, names.length, file)
      columns[COLUMN_NAMES[key] ?? key] = values
    } else if (!key.startsWith('_')) {
      warnings.push(`The feature column "${key}" is left out: it is not one text a feature.`)
    }
  }
  return { names, columns }
}

async function stringsOf(group: StoreGroup, name: string, file: string): Promise<string[]> {
  const node = await group.child(name)
  if (node?.kind === 'array' && node.shape?.length === 1) return readAllStrings(node, file)
  throw new ScvaeError('bad-input', `"${file}": ${group.path} has no list ${name}.`)
}

function checkLength(
  group: StoreGroup,
  name: string,
  values: readonly string[],
  length: number,
  file: string,
): void {
  if (values.length === length) return
  throw new ScvaeError(
    'bad-input',
    `"${file}": ${group.path}/${name} has ${values.length} values for ${length} names.`,
    { hint: 'The file is damaged: copy or download it again.' },
  )
}
