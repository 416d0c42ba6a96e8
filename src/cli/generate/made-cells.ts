import type { CategoryColumn, Column } from '../../anndata/frame/column.js'
import type { PlainValue } from '../../anndata/write/plain-values.js'
import type { ModelDescription } from '../../files/model-description.js'
import type { GeneratedBlock } from '../../models/generation.js'

/** Grows the obs of cells as they are made. */
export class MadeCells {
  readonly word: string
  readonly #description: ModelDescription
  readonly #names: readonly string[] | undefined
  readonly #parents: number[] = []
  readonly #totals: number[] = []
  readonly #codes: number[][]
  readonly #numbers: number[][]

  /**
   * @param names of the real cells
   * @param word where the cells come from
   */
  constructor(
    description: ModelDescription,
    { names, word }: { names: readonly string[] | undefined; word: string },
  ) {
    this.word = word
    this.#description = description
    this.#names = names
    this.#codes = description.categorical.map(() => [])
    this.#numbers = description.continuous.map(() => [])
  }

  get nCells(): number {
    return this.#parents.length
  }

  add({ rows, parent, categorical, continuous }: GeneratedBlock): void {
    for (const [i, { counts }] of rows.entries()) {
      this.#parents.push(parent[i]!)
      this.#totals.push(counts.reduce((sum, count) => sum + count, 0))
      for (const [k, codes] of categorical.entries()) this.#codes[k]!.push(codes[i]!)
      for (const [k, values] of continuous.entries()) this.#numbers[k]!.push(values[i]!)
    }
  }

  /** What uns has of how the cells were made. */
  record(covariates: Readonly<Record<string, string>>, seed: number): Readonly<Record<string, PlainValue>> {
    return { from: this.word, seed, covariates: { ...covariates } }
  }

  /** Names and columns: covariates under their names, and where each cell came from. */
  obs(): { names: readonly string[]; columns: Record<string, Column> } {
    const { categorical, continuous } = this.#description
    const columns: Record<string, Column> = {}
    for (const [k, { key, categories }] of categorical.entries())
      if (key !== null) columns[key] = { kind: 'category', categories, codes: this.#codes[k]! }
    for (const [k, key] of continuous.entries())
      columns[key] = { kind: 'float', values: Float64Array.from(this.#numbers[k]!) }
    columns.scvae_from = one(this.word, this.nCells)
    if (this.#parents.some((parent) => parent >= 0))
      columns.scvae_parent = {
        kind: 'string',
        values: this.#parents.map((parent) => this.#names?.[parent] ?? String(parent)),
      }
    columns.scvae_total = { kind: 'float', values: Float64Array.from(this.#totals) }
    return { names: this.#parents.map((_, i) => `generated-${i}`), columns }
  }
}

const one = (word: string, n: number): CategoryColumn => ({
  kind: 'category',
  categories: [word],
  codes: new Int32Array(n),
})
