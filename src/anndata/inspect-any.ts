import { sourceFlag } from './counts/count-sources.js'
import { type AnnDataSummary, guessBatches, inspectAnnData, summarizeColumns } from './inspect.js'
import type { AnnData } from './read.js'
import { type CountsFormat, type CountsOptions, detectFormat, optionsFor, readAs } from './read-any.js'
import { guessCounts, odditiesOf, type SourceSummary } from './source-summary.js'
import { withStore } from './store/open-store.js'
import type { StoreNode } from './store/store.js'
import { readMtx } from './tenx/mtx.js'
import { tenXGroups } from './tenx/tenx.js'

/** Options of {@link inspectCounts}: what of a file without layers is read. */
export type InspectOptions = Pick<
  CountsOptions,
  'genome' | 'featureType' | 'modality' | 'transpose' | 'features' | 'barcodes'
>

/**
 * Says what is in a file of any format that `readCounts` reads. AnnData is scanned; of the other formats, one matrix at
 * a time is read and let go.
 *
 * @throws ScvaeError as `readCounts` does
 */
export async function inspectCounts(path: string, options: InspectOptions = {}): Promise<AnnDataSummary> {
  const format = await detectFormat(path)
  if (format === 'h5ad' || format === 'zarr') {
    return inspectAnnData(path, optionsFor(path, format, options))
  }
  const { adata, origin } =
    format === 'mtx'
      ? await readMtx(path, optionsFor(path, format, options))
      : { adata: await readAs(path, format, options), origin: undefined }
  const { nCells, nGenes, obs, var: variables, warnings } = adata
  const form = origin
    ? { encoding: 'coordinate', dtype: origin.field }
    : await storedForm(path, format, options.genome)
  const sources = [summarize(adata, form)]
  for (const [layer, form] of format === 'loom' ? await loomLayers(path) : []) {
    sources.push(summarize(await readAs(path, format, { layer, obs: [] }), form))
  }
  const columns = summarizeColumns(path, obs, nCells)
  const counts = guessCounts(sources)
  return {
    path,
    nCells,
    nGenes,
    sources,
    ...(counts && { countsSource: counts.name }),
    obs: columns,
    var: summarizeColumns(path, variables, nGenes),
    batchCandidates: guessBatches(columns, nCells),
    obsm: {},
    varm: {},
    uns: [],
    elements: [],
    ...(origin && { origin }),
    tables: { obs, var: variables, obsNames: adata.obsNames, varNames: adata.varNames },
    warnings,
  }
}

/** How a matrix is stored. */
type Form = Pick<SourceSummary, 'encoding' | 'dtype'>

function summarize({ counts, countsSource, values, nCells, nGenes }: AnnData, form: Form): SourceSummary {
  const { min, max } = values
  const oddities = odditiesOf(values)
  return {
    name: countsSource,
    flag: sourceFlag(countsSource),
    ...form,
    nCells,
    nGenes,
    nonzeros: counts.nonzeros,
    holdsCounts: oddities.every((kind) => kind === 'nearInteger') && max > 0,
    oddities,
    min: Number.isNaN(min) ? null : min,
    max: Number.isNaN(max) ? null : max,
  }
}

async function storedForm(path: string, format: CountsFormat, genome: string | undefined): Promise<Form> {
  return withStore(path, async ({ root }) => {
    if (format === 'loom') return { encoding: 'array', dtype: dtypeOf(await root.child('matrix')) }
    const groups = await tenXGroups(root)
    const group = groups.find((one) => one.path === genome) ?? groups.find((one) => one.path === 'matrix')
    return { encoding: 'csc_matrix', dtype: dtypeOf(await (group ?? groups[0])?.child('data')) }
  })
}

async function loomLayers(path: string): Promise<[name: string, form: Form][]> {
  return withStore(path, async ({ root }) => {
    const group = await root.child('layers')
    const layers: [string, Form][] = []
    for (const name of group?.kind === 'group' ? await group.keys() : []) {
      layers.push([name, { encoding: 'array', dtype: dtypeOf(await root.child(`layers/${name}`)) }])
    }
    return layers
  })
}

function dtypeOf(node: StoreNode | undefined): string {
  return node?.kind === 'array' ? node.dtype : ''
}
