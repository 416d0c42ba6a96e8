import { describe, expect, it } from 'vitest'
import { chooseGenes } from '../../src/analysis/genes/choose-genes.js'
import { highlyVariableGenes } from '../../src/analysis/genes/highly-variable-genes.js'
import { selectHighlyVariableGenes } from '../../src/analysis/genes/select-genes.js'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { obsColumn } from '../../src/anndata/frame/obs-column.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const CELLS = Int32Array.of(80, 3, 40, 41, 5, 6, 7, 60, 61, 62, 63, 9, 10, 11, 12)

describe('selectHighlyVariableGenes', () => {
  it('looks at the counts of the given cells, batch by batch', () => {
    expect(selectHighlyVariableGenes(data, { nTopGenes: 9 })).toEqual(
      highlyVariableGenes(data.counts, { nTopGenes: 9 }),
    )
    const { codes } = obsColumn(data, 'batch')
    expect(selectHighlyVariableGenes(data, { nTopGenes: 9, batchKey: 'batch' })).toEqual(
      highlyVariableGenes(data.counts, { nTopGenes: 9, batch: codes }),
    )
    const found = selectHighlyVariableGenes(data, {
      nTopGenes: 9,
      cells: CELLS,
      batchKey: 'batch',
      span: 0.9,
    })
    const batch = Int32Array.from(CELLS, (cell) => codes[cell]!)
    expect(found).toEqual(highlyVariableGenes(data.counts.select(CELLS), { nTopGenes: 9, batch, span: 0.9 }))
  })

  it('refuses a batch column with gaps, and an option that it does not have', () => {
    expect(() => selectHighlyVariableGenes(data, { nTopGenes: 9, batchKey: 'gaps' })).toThrow(
      'the obs column "gaps" has no value for cell 9.',
    )
    expect(() => selectHighlyVariableGenes(data, { nTopGenes: 9, batch: 'batch' } as never)).toThrow(
      'selectHighlyVariableGenes has no option "batch".',
    )
  })
})

/** Two cells of so many genes. */
function wide(nGenes: number) {
  const block = {
    firstCell: 0,
    nCells: 2,
    offsets: Int32Array.of(0, 3, 5),
    genes: Int32Array.of(0, 4000, nGenes - 1, 1, 5000),
    counts: Float32Array.of(1, 9, 2, 1, 3),
  }
  return { ...data, nCells: 2, nGenes, counts: new CountMatrix(nGenes, [block]) }
}

describe('chooseGenes', () => {
  it('takes the number that is asked for, and all where that is no fewer', () => {
    const { genes, why } = chooseGenes(data, { nTopGenes: 9, batchKey: 'batch', cells: CELLS })
    expect(genes).toEqual(
      selectHighlyVariableGenes(data, { nTopGenes: 9, batchKey: 'batch', cells: CELLS }).genes,
    )
    expect(why).toBe('asked')
    for (const nTopGenes of [50, 51, undefined]) {
      expect(chooseGenes(data, { nTopGenes })).toEqual({ genes: undefined, why: 'all' })
    }
  })

  it('takes 4,000 of more than 8,000, unless told otherwise', () => {
    expect(chooseGenes(wide(8000)).why).toBe('all')
    const { genes, why } = chooseGenes(wide(8001))
    expect([genes!.length, why]).toEqual([4000, 'too-many'])
    expect(chooseGenes(wide(8001), { allGenes: true })).toEqual({ genes: undefined, why: 'all' })
    const asked = chooseGenes(wide(8001), { nTopGenes: 7000 })
    expect([asked.genes!.length, asked.why]).toEqual([7000, 'asked'])
  })
})
