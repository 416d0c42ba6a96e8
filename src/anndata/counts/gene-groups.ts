import { type Table, Vector } from 'apache-arrow'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from '../frame/arrow-data.js'
import { arrowTable } from '../frame/arrow-table.js'
import { openFrame, readFrame } from '../frame/dataframe.js'
import type { Store } from '../store/store.js'
import { type AbsentGenes, takeAbsent, unlessNone } from './absent-genes.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { packBlock } from './packed-block.js'
import type { Selection } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'

/**
 * Where a file says which genes its cells have: the obs column of this name has a group for every cell, and the data frame of
 * this name in varm has for each group a column that is true for the genes of its cells. Both stay right when cells or genes
 * are taken, in Python too.
 */
export const GENES_KEY = 'scvae_genes'

/** The data frame of varm that says which genes each group has; see {@link GENES_KEY}. */
export function geneGroups(absent: AbsentGenes, nGenes: number): Table {
  const columns = absent.genes.map((lacked, group) => {
    const has = new Uint8Array(nGenes).fill(1)
    for (const gene of lacked) has[gene] = 0
    return [absent.names[group]!, numbersToArrow(has, 'bool', undefined)] as const
  })
  return arrowTable(columns, nGenes)
}

/** A table of obs with the groups of absent genes, and varm with what they have; as they are where no gene is absent. */
export function withGeneGroups(
  obs: Table,
  { absent, nGenes }: CountMatrix,
): { obs: Table; varm: Record<string, Table> } {
  if (!absent) return { obs, varm: {} }
  const others = obs.schema.fields
    .map((field, i) => [field.name, obs.getChildAt(i)!.data[0]!] as const)
    .filter(([name]) => name !== GENES_KEY)
  const column = categoriesToArrow(absent.groups, stringsToArrow(absent.names, undefined), false)
  return {
    obs: arrowTable([...others, [GENES_KEY, column]], obs.numRows),
    varm: { [GENES_KEY]: geneGroups(absent, nGenes) },
  }
}

/**
 * Counts of a file with the genes that it says its cells lack; whatever is stored for these goes.
 *
 * @param only the cells and genes that were read
 */
export async function withAbsentGenes(
  counts: CountMatrix,
  store: Store,
  only: Selection,
): Promise<CountMatrix> {
  const all = await readGroups(store)
  if (!all) return counts
  const { nGenes, ...groups } = all
  const newGene = new Int32Array(nGenes).fill(only.genes ? -1 : 0)
  for (let i = 0; i < (only.genes?.length ?? nGenes); i++) newGene[only.genes ? only.genes[i]! : i] = i
  const absent = takeAbsent(groups, only.cells, newGene)
  if (!absent || absent.groups.length !== counts.nCells) return counts
  const lacks = absent.genes.map((genes) => {
    const lacked = new Uint8Array(counts.nGenes)
    for (const gene of genes) lacked[gene] = 1
    return lacked
  })
  const blocks = counts.blocks.map((block) => withoutStored(block, absent, lacks, counts.nGenes))
  return new CountMatrix(counts.nGenes, blocks, counts.missing, absent)
}

/** Whether a file may say that its cells lack genes. */
export async function hasGeneGroups({ root }: Store): Promise<boolean> {
  return (await root.child(`varm/${GENES_KEY}`)) !== undefined
}

async function readGroups(store: Store): Promise<(AbsentGenes & { nGenes: number }) | undefined> {
  const node = await store.root.child(`varm/${GENES_KEY}`)
  if (node?.kind !== 'group') return undefined
  const obs = await openFrame(store, 'obs')
  if (!obs.columns.includes(GENES_KEY)) return undefined
  const { table } = await readFrame(store, `varm/${GENES_KEY}`, [])
  const names = table.schema.fields.map(({ name }) => name)
  const genes = names.map((_, column) => {
    const has = table.getChildAt(column)!
    return Int32Array.from({ length: table.numRows }, (_, gene) => gene).filter(
      (gene) => has.get(gene) === false,
    )
  })
  const group = new Map(names.map((name, position) => [name, position]))
  const column = new Vector([await obs.column(GENES_KEY)])
  const groups = Int32Array.from(
    { length: column.length },
    (_, cell) => group.get(String(column.get(cell))) ?? -1,
  )
  const absent = unlessNone({ names, genes, groups })
  return absent && { ...absent, nGenes: table.numRows }
}

function withoutStored(
  block: CountBlock,
  { groups }: AbsentGenes,
  lacks: readonly Uint8Array[],
  nGenes: number,
): CountBlock {
  const { firstCell, nCells, offsets, genes } = block
  const counts = block.counts.slice()
  let found = false
  for (let i = 0; i < nCells; i++) {
    const lacked = lacks[groups[firstCell + i]!]
    if (!lacked) continue
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
      if (lacked[genes[k]!] === 0) continue
      counts[k] = 0
      found = true
    }
  }
  return found ? packBlock(tidyRows({ ...block, counts }, nGenes)) : block
}
