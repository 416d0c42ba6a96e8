import type { Comparison } from '../../src/report/page/cell-model.js'
import type { Packed } from '../../src/report/page/pack.js'
import type { PackedModel, PageHeader } from '../../src/report/page/page-data.js'

/** What the worker can be asked. A batch is a code in place of the cells' own. */
export type Question =
  | { kind: 'gene'; gene: number; batch?: number }
  | { kind: 'compare'; a: Uint32Array; b: Uint32Array; batch?: number }
  | { kind: 'nearest'; cell: number; k: number }
  /** Where cells of these posterior means belong on the map. */
  | { kind: 'place'; latent: Float32Array }

/** What it answers. */
export interface Answers {
  gene: Float32Array
  compare: Comparison
  nearest: { cells: Uint32Array; latent: Float32Array }
  place: Float32Array
}

export type ToWorker =
  | { kind: 'start'; model: PackedModel; places: Uint16Array; arrays: Packed<PageHeader>['arrays'] }
  | { id: number; question: Question }

export type FromWorker =
  | { id: number; kind: 'share'; share: number }
  | { id: number; kind: 'answer'; answer: Answers[Question['kind']] }
  | { id: number; kind: 'failed'; message: string }
