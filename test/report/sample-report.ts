import type { EpochRecord } from '../../src/files/epoch-record.js'
import { Random } from '../../src/numeric/random.js'
import type { ReportData } from '../../src/report/report-data.js'

/** A report of made-up cells in `types` groups on a ring, with hostile names. */
export function sampleReport(n = 300, types = 5): ReportData {
  const random = new Random(4)
  const codes = Int32Array.from({ length: n }, (_, i) => (i % 97 === 3 ? -1 : i % types))
  const umap = Float32Array.from({ length: n * 2 }, (_, at) => {
    const angle = (2 * Math.PI * (Math.floor(at / 2) % types)) / types
    return 8 * (at % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) + random.normal()
  })
  const score = Float32Array.from({ length: n }, () => -Math.log10(1 - random.next()))
  const cellNames = Array.from({ length: n }, (_, i) => `CELL-${i}`)
  cellNames[2] = '</script><script>alert("x")</script>&\u2028'
  return {
    run: {
      command: "scvae fit 'a & b.h5ad' --batch-key <donor>",
      version: '0.1.0',
      seed: 7,
      device: 'a processor, 2 threads',
      kernels: 'native avx512',
      kernelsId: '0123456789ab',
      threads: 2,
      startedAt: '2026-01-02T03:04:05Z',
      seconds: 83.4,
      timings: [
        ['reading', 1.2],
        ['training', 61],
        ['UMAP', 14.04],
      ],
    },
    data: {
      path: 'folder/a & b.h5ad',
      files: ['a & b.h5ad'],
      nCells: n,
      nGenes: 2000,
      totalGenes: 20_670,
      nonzeros: n * 200,
      missing: 0,
      countsSource: 'layers/counts',
      cellsLeftOut: 3,
      sha256: 'ab'.repeat(32),
    },
    settings: [
      ['likelihood', 'nb'],
      ['latent dimensions', '6'],
      ['batch', '<donor>'],
    ],
    defaults: [['patience', '45']],
    warnings: [
      { what: '3 cells have no count & were left out' },
      {
        what: 'half of the cells are <flagged>',
        why: 'the model does not fit & the data',
        measure: 'share of <cells>',
        value: 0.512345,
        threshold: 0.2,
        advice: 'train for <more> epochs',
      },
    ],
    history: sampleHistory(80),
    keptEpoch: 76,
    cellNames,
    umap: { values: umap, rows: n, columns: 2 },
    colorings: [
      {
        kind: 'categorical',
        name: 'cell type',
        categories: Array.from({ length: types }, (_, t) => `type <${t}>`),
        codes,
      },
      { kind: 'numeric', name: 'outlier score', values: score },
      {
        kind: 'numeric',
        name: 'log library size',
        values: score.map((x, i) => (i % 50 === 0 ? Number.NaN : 7 + x)),
      },
    ],
    alongWith: [{ name: 'the <batch>', share: 0.42 }],
    integration: {
      nCells: n,
      nearest: 15,
      measures: [
        { key: '<donor>', isBatch: true, before: 0.81, after: 0.31, chance: 0.25 },
        { key: 'cell <type>', isBatch: false, before: 0.9, after: 0.88, chance: 0.2 },
      ],
    },
    outputs: { h5ad: 'a "b".h5ad', latent: 'a_latent.arrow', obsm: 'X_scvae', prefix: 'scvae_' },
    latentKl: [1.9, 0.004, 2.31, 0.8, 1.2, 0.00002],
    outliers: {
      alpha: 0.05,
      flagged: 1,
      scored: n - 3,
      labelName: 'cell <type>',
      rows: [
        {
          cell: cellNames[2]!,
          place: 2,
          label: 'type <1>',
          score: 11.21,
          adjustedP: 1.8e-9,
          surpriseP: 0,
          aggregatedP: 0.021,
          neighborP: 0.4,
          librarySize: 12_345,
          flagged: true,
        },
        {
          cell: 'CELL-9',
          place: 9,
          label: 'type <4>',
          score: 2.5,
          adjustedP: 0.31,
          surpriseP: 0.0021,
          aggregatedP: 0.9,
          neighborP: Number.NaN,
          librarySize: 880,
          flagged: false,
        },
      ],
    },
    metrics: [['same-batch neighbours', '0.31 (ideal 0.25)']],
  }
}

function sampleHistory(epochs: number): EpochRecord[] {
  return Array.from({ length: epochs }, (_, i) => {
    const kl = 12 * (1 - Math.exp(-i / 9)) + 3 * Math.exp(-i / 30)
    const reconstruction = 610 + 700 * Math.exp(-i / 2) + 40 * Math.exp(-i / 25)
    return {
      epoch: i + 1,
      trainElbo: reconstruction + kl,
      trainReconstruction: reconstruction,
      trainKl: kl,
      klWeight: Math.min(1, i / 40),
      learningRate: 1e-3,
      seconds: 0.7,
      ...(i % 5 === 4 && {
        heldoutElbo: reconstruction + kl + 9,
        heldoutReconstruction: reconstruction + 8.6,
        heldoutKl: kl + 0.4,
      }),
    }
  })
}
