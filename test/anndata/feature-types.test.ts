import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inspectCounts } from '../../src/anndata/inspect-any.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { type NewAnnData, writeAnnData } from '../../src/anndata/write/anndata.js'
import { DATA, matrixOf, names, ROWS, refusalOf, rowsOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()
const [GENES, PROTEINS] = ['Gene Expression', 'Antibody Capture']

async function fileWith(name: string, variables: NewAnnData['var']): Promise<string> {
  const path = join(folder, `${name}.h5ad`)
  const layers = { counts: matrixOf(ROWS) }
  const sizes = { obs: {}, obsNames: names('c', 5), varNames: names('g', 4) }
  await writeAnnData(path, { counts: matrixOf(ROWS), layers, ...sizes, var: variables ?? {} })
  return path
}

const text = (values: string[]) => ({ kind: 'string', values }) as const
const columns = (genes: number[]) => ROWS.map((row) => genes.map((gene) => row[gene]!))

describe('features of several types in AnnData', () => {
  test.each([
    ['feature_types', [GENES, PROTEINS, GENES, GENES], '1 Antibody Capture'],
    ['feature_types', ['gex', 'Peaks', 'gex', 'gex'], '1 Peaks'],
    ['feature_type', ['gene', 'ADT', 'gene', 'gene'], '1 ADT'],
    ['modality', ['rna', 'prot', 'rna', 'rna'], '1 prot'],
  ])('genes are taken by %s %j, and it is said', async (column, values, others) => {
    const path = await fileWith(`several ${values[0]} ${column}`, { [column]: text(values) })
    const adata = await readAnnData(path)
    expect(rowsOf(adata.counts)).toEqual(columns([0, 2, 3]))
    expect(adata.varNames).toEqual(['g0', 'g2', 'g3'])
    expect(adata.genesInFile).toEqual({ positions: Int32Array.of(0, 2, 3), total: 4 })
    expect(adata.warnings).toEqual([
      `Features other than ${values[0]} are left out (${others}); --feature-type takes others.`,
    ])
    expect((await readAnnData(path, { layer: 'counts' })).nGenes).toBe(3)
    const wanted = await readCounts(path, { featureType: values[1]! })
    expect([wanted.varNames, wanted.warnings]).toEqual([['g1'], []])
    const summary = await inspectCounts(path)
    expect(summary.featureTypes).toEqual({ [values[0]!]: 3, [values[1]!]: 1 })
    expect(summary.warnings).toEqual(adata.warnings)
  })

  test.each([
    ['one type', { feature_types: text([GENES, GENES, GENES, GENES]) }],
    ['one type of another kind', { feature_types: text([PROTEINS, PROTEINS, PROTEINS, PROTEINS]) }],
    [
      'biotypes, which CELLxGENE calls feature_type',
      { feature_type: text(['protein_coding', 'lncRNA', 'lncRNA', 'miRNA']) },
    ],
    ['numbers', { modality: { kind: 'int', values: Int32Array.of(1, 2, 3, 4) } as const }],
  ])('all are taken of %s', async (name, variables) => {
    const adata = await readAnnData(await fileWith(name, variables))
    expect([adata.nGenes, adata.warnings, adata.genesInFile]).toEqual([4, [], undefined])
  })

  test('a type has to be chosen where none are genes, and has to be there', async () => {
    const path = await fileWith('none', { feature_types: text([PROTEINS, 'Peaks', 'Peaks', 'Peaks']) })
    expect(await refusalOf(readAnnData(path), folder)).toBe(
      'bad-input: "none.h5ad" has features of several types, none of them Gene Expression. Choose one with --feature-type: Antibody Capture, Peaks.',
    )
    expect((await readAnnData(path, { featureType: 'Peaks' })).varNames).toEqual(['g1', 'g2', 'g3'])
    expect(await refusalOf(readAnnData(path, { featureType: 'Peak' }), folder)).toContain(
      'no features of the type "Peak". Its feature_types, nearest first: Peaks, Antibody Capture.',
    )
    const untold = await fileWith('untold', {})
    expect(await refusalOf(readAnnData(untold, { featureType: 'Peaks' }), folder)).toContain(
      'Leave out --feature-type: its var has no column feature_types, feature_type, modality.',
    )
  })

  test.skipIf(!DATA)('the file of a bug report', async () => {
    const adata = await readAnnData(join(DATA!, 'cases/cite.h5ad'))
    expect([adata.nGenes, adata.genesInFile?.total]).toEqual([50, 60])
  })
})
