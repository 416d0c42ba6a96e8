import type { EmbeddedFile } from '../../src/report/page/embed-file.js'
import type { Packed } from '../../src/report/page/pack.js'
import type { PackedModel, PageHeader } from '../../src/report/page/page-data.js'

/** A file, and the encoder that is to take its cells. */
export interface ToReader {
  file: File
  encoder: PackedModel['encoder']
  query: PackedModel['query']
  arrays: Packed<PageHeader>['arrays']
}

export type FromReader =
  | { kind: 'share'; share: number }
  | { kind: 'embedded'; embedded: EmbeddedFile }
  | { kind: 'refused'; sentence: string }
