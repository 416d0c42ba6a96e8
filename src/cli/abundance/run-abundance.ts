import type { Additions } from '../../anndata/write/additions.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { writeCopy } from '../../anndata/write/copy.js'
import type { PlainValue } from '../../anndata/write/plain-values.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { readModel } from '../../files/model-files.js'
import type { Abundance, AbundanceOptions } from '../../models/abundance-options.js'
import { SCVI } from '../../models/scvi.js'
import { spreadRows } from '../../numeric/matrix.js'
import { formatCount, formatPlural } from '../../report/format.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { writeLabelTable, writeSampleTable } from './label-table.js'

/** What a run of `scvae abundance` was asked to do. */
export interface AbundanceSettings extends QuerySettings {
  directory: string
  prefix: string
  overwrite: boolean
  subset: readonly SubsetTerm[]
  question: Pick<
    AbundanceOptions,
    'sampleKey' | 'groupBy' | 'group1' | 'group2' | 'labelsKey' | 'numCellsPosterior' | 'dof' | 'seed'
  >
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** What is called different. */
const FDR = 0.05

/** Reads a model and a file, and writes how densely samples' cells lie around each cell, and how conditions differ. */
export async function runAbundance(settings: AbundanceSettings): Promise<void> {
  const { overwrite, question } = settings
  const outputs = outputsOf(settings)
  for (const output of Object.values(outputs)) refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const query = await openQuery(settings, description, log)
  const { adata, format } = query
  const cells = countedCells(query, subsetCells(adata, settings.subset), log)
  const progress = stageBar(log, 'abundance')
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    const found = await interruptible(
      (signal) =>
        model.differentialAbundance({
          ...question,
          adata,
          cells,
          genePositions: query.positions,
          onProgress(done, total) {
            stopIfInterrupted(signal)
            progress(done, total)
          },
        }),
      () => log.warn('stopping'),
    )
    log.clearBar()
    say(found, log)
    const additions = additionsOf(found, cells, adata.nCells)
    const record = recordOf(found, question)
    const changes = await writeCopy(adata, format, outputs.h5ad, additions, { overwrite, settings: record })
    for (const change of changes) log.warn(change)
    if (outputs.labels)
      await writeBeside(outputs.labels, (path) => writeLabelTable(path, found), { overwrite })
    if (outputs.samples)
      await writeBeside(outputs.samples, (path) => writeSampleTable(path, found), { overwrite })
  } finally {
    await device.dispose()
  }
  log.info(`wrote ${Object.values(outputs).join(', ')}`)
}

function outputsOf({ prefix, question }: AbundanceSettings): {
  h5ad: string
  labels?: string
  samples?: string
} {
  const h5ad = `${prefix}_abundance.h5ad`
  if (question.labelsKey === undefined) return { h5ad }
  return { h5ad, labels: `${prefix}_abundance.csv`, samples: `${prefix}_abundance_samples.csv` }
}

function additionsOf({ logDensities, comparison }: Abundance, cells: Int32Array, nCells: number): Additions {
  const spread = (values: Float64Array) => {
    const all = new Float64Array(nCells).fill(Number.NaN)
    for (const [i, cell] of cells.entries()) all[cell] = values[i]!
    return { kind: 'float', values: all } as const
  }
  return {
    obsm: { scvae_abundance: spreadRows(logDensities, cells, nCells) },
    obs: comparison
      ? {
          scvae_abundance: spread(comparison.effect),
          scvae_abundance_p: spread(comparison.p),
          scvae_abundance_fdr: spread(comparison.adjustedP),
        }
      : {},
  }
}

/** What `uns/scvae` says of the columns of obsm and of the comparison. */
function recordOf(
  { samples, comparison }: Abundance,
  { sampleKey, groupBy, dof }: AbundanceSettings['question'],
): Readonly<Record<string, PlainValue>> {
  return {
    abundance: {
      samples: samples.map(({ name }) => name),
      sample_key: sampleKey,
      dof: dof ?? 'normal',
      ...(comparison && {
        groupby: groupBy!,
        group1: comparison.group1,
        group2: comparison.group2,
        paired: comparison.paired,
      }),
    },
  }
}

function say({ samples, leftOut, comparison, labels }: Abundance, log: Log): void {
  if (leftOut.length > 0) log.warn(`left out, with fewer than 10 cells: ${leftOut.join(', ')}`)
  if (!comparison) {
    log.info(`densities of ${formatPlural(samples.length, 'sample')}`)
    return
  }
  const { group1, group2, paired, nSamples1, nSamples2, adjustedP, effect } = comparison
  const marked = (sign: number) =>
    formatCount(adjustedP.filter((p, cell) => p <= FDR && Math.sign(effect[cell]!) === sign).length)
  const behind = paired ? `${nSamples1} samples in both` : `${nSamples1} samples against ${nSamples2}`
  log.info(
    `${group1} against ${group2} (${behind}): ${marked(1)} cells where it is denser and ${marked(-1)} where it is less dense, of ${formatCount(effect.length)}, at an error of 5 %`,
  )
  if (Math.min(nSamples1, nSamples2) < 3)
    log.warn(
      'The comparison rests on two samples of a condition: hardly any difference can be told from theirs.',
    )
  const { difference, labels: names } = labels ?? { labels: [] }
  const sure = difference ? names.filter((_, label) => difference.adjustedP[label]! <= FDR) : []
  if (difference) log.info(`labels whose share differs: ${sure.length > 0 ? sure.join(', ') : 'none'}`)
}
