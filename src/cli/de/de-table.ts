import { Bool, type Data, Float64, Int32, Utf8, vectorFromArray } from 'apache-arrow'
import { fileWriter, parquetWrite } from 'hyparquet-writer'
import { arrowTable } from '../../anndata/frame/arrow-table.js'
import { tableToCsv } from '../../anndata/frame/table-csv.js'
import type { GeneDifference, GroupComparison } from '../../models/differential-options.js'
import { writeChunks } from '../write-chunks.js'

/** A column of the table of results. */
type DeColumn = { name: string } & (
  | { type: 'STRING'; data: string[] }
  | { type: 'DOUBLE' | 'INT32'; data: number[] }
  | { type: 'BOOLEAN'; data: boolean[] }
)

const BY_SAMPLES = [
  ['sample_effect', 'sampleEffect'],
  ['sample_p', 'sampleP'],
  ['sample_p_adjusted', 'samplePAdjusted'],
] as const satisfies (readonly [string, keyof GeneDifference])[]

const BY_MODE = {
  change: [
    ['proba_de', 'probaDe'],
    ['proba_not_de', 'probaNotDe'],
  ],
  vanilla: [
    ['proba_m1', 'probaM1'],
    ['proba_m2', 'probaM2'],
  ],
} as const

const NUMBERS = [
  ['bayes_factor', 'bayesFactor'],
  ['scale1', 'scale1'],
  ['scale2', 'scale2'],
  ['lfc_mean', 'lfcMean'],
  ['lfc_median', 'lfcMedian'],
  ['lfc_std', 'lfcStd'],
  ['lfc_min', 'lfcMin'],
  ['lfc_max', 'lfcMax'],
  ['raw_mean1', 'rawMean1'],
  ['raw_mean2', 'rawMean2'],
  ['non_zeros_proportion1', 'nonZerosProportion1'],
  ['non_zeros_proportion2', 'nonZerosProportion2'],
  ['raw_normalized_mean1', 'rawNormalizedMean1'],
  ['raw_normalized_mean2', 'rawNormalizedMean2'],
  ['effect', 'effect'],
  ['effect_low', 'effectLow'],
  ['effect_high', 'effectHigh'],
] as const satisfies (readonly [string, keyof GeneDifference])[]

/** Results as columns, named as scvi-tools names them where it has them: one comparison below the other. */
export function deColumns(comparisons: readonly GroupComparison[]): DeColumn[] {
  const { mode, fdrTarget } = comparisons[0]!
  const texts = (name: string, of: (comparison: GroupComparison, gene: GeneDifference) => string) =>
    ({
      name,
      type: 'STRING',
      data: comparisons.flatMap((one) => one.genes.map((gene) => of(one, gene))),
    }) as const
  const numbers = (
    name: string,
    of: (comparison: GroupComparison, gene: GeneDifference) => number,
    type: 'DOUBLE' | 'INT32' = 'DOUBLE',
  ) => ({ name, type, data: comparisons.flatMap((one) => one.genes.map((gene) => of(one, gene))) }) as const
  const flags = {
    name: `is_de_fdr_${fdrTarget}`,
    type: 'BOOLEAN',
    data: comparisons.flatMap(({ genes }) => genes.map(({ isDe = false }) => isDe)),
  } as const
  return [
    texts('gene', (_, { gene }) => gene),
    texts('comparison', ({ group1, group2 }) => `${group1} vs ${group2}`),
    texts('group1', ({ group1 }) => group1),
    texts('group2', ({ group2 }) => group2),
    ...BY_MODE[mode].map(([name, key]) => numbers(name, (_, gene) => gene[key]!)),
    ...NUMBERS.map(([name, key]) => numbers(name, (_, gene) => gene[key])),
    ...(mode === 'change' ? [numbers('delta', ({ delta }) => delta), flags] : []),
    numbers('pseudocounts', ({ pseudocount }) => pseudocount),
    numbers('n_cells1', ({ nCells1 }) => nCells1, 'INT32'),
    numbers('n_cells2', ({ nCells2 }) => nCells2, 'INT32'),
    ...(comparisons[0]!.weighted
      ? [
          numbers('effective_draws1', ({ weighted }) => weighted!.effectiveDraws1),
          numbers('effective_draws2', ({ weighted }) => weighted!.effectiveDraws2),
        ]
      : []),
    ...(comparisons[0]!.samples
      ? [
          ...BY_SAMPLES.map(([name, key]) => numbers(name, (_, gene) => gene[key]!)),
          texts('one_sample', (_, { oneSample }) => oneSample ?? ''),
          numbers('n_samples1', ({ samples }) => samples!.nSamples1, 'INT32'),
          numbers('n_samples2', ({ samples }) => samples!.nSamples2, 'INT32'),
        ]
      : []),
  ]
}

/** Effects by sample: a row for each gene and sample of a comparison. */
export function deSampleColumns(comparisons: readonly GroupComparison[]): DeColumn[] {
  const rows = comparisons.flatMap(({ group1, group2, genes, samples }) =>
    genes.flatMap(({ gene, effectBySample }) =>
      samples!.names.map((sample, k) => ({
        gene,
        comparison: `${group1} vs ${group2}`,
        sample,
        effect: effectBySample![k]!,
        nCells1: samples!.nCells1[k]!,
        nCells2: samples!.nCells2[k]!,
      })),
    ),
  )
  return [
    { name: 'gene', type: 'STRING', data: rows.map(({ gene }) => gene) },
    { name: 'comparison', type: 'STRING', data: rows.map(({ comparison }) => comparison) },
    { name: 'sample', type: 'STRING', data: rows.map(({ sample }) => sample) },
    { name: 'effect', type: 'DOUBLE', data: rows.map(({ effect }) => effect) },
    { name: 'n_cells1', type: 'INT32', data: rows.map(({ nCells1 }) => nCells1) },
    { name: 'n_cells2', type: 'INT32', data: rows.map(({ nCells2 }) => nCells2) },
  ]
}

/** Writes the columns as CSV. */
export function writeDeCsv(path: string, columns: readonly DeColumn[]): void {
  const table = arrowTable(
    columns.map((column) => [column.name, arrowData(column)] as const),
    columns[0]!.data.length,
  )
  writeChunks(path, tableToCsv(table))
}

function arrowData({ type, data }: DeColumn): Data {
  if (type === 'STRING') return vectorFromArray(data, new Utf8()).data[0]!
  if (type === 'BOOLEAN') return vectorFromArray(data, new Bool()).data[0]!
  return vectorFromArray(data, type === 'INT32' ? new Int32() : new Float64()).data[0]!
}

/** Writes the columns as Parquet. */
export async function writeDeParquet(path: string, columns: readonly DeColumn[]): Promise<void> {
  await parquetWrite({
    writer: fileWriter(path),
    columnData: columns.map((column) => ({ ...column, nullable: false })),
    createdBy: 'scvae',
  })
}
