import { countsInMemory } from '../../cells/counts-in-memory.js'
import {
  type CellRow,
  type CellSource,
  type CountSource,
  type Device,
  MISSING,
  type Minibatch,
  type Parameter,
  type Tensor,
} from '../../device/device.js'
import { packRow } from '../../numeric/packed-row.js'
import { Draws } from '../oracle/draws.js'
import type { Cells } from '../oracle/linear.js'
import { filled, type Matrix, matrix } from '../oracle/matrix.js'

export interface Shape {
  genes: number
  hidden: number
  cells: number
  capacity: number
  /** Numbers of categories of the source's categorical covariates. */
  categories: readonly number[]
  continuous: number
  /** `huge`: some counts of 100,000; `missing`: some are not known; `dense`: three in four are not zero, some of them no whole numbers. */
  counts?: 'huge' | 'missing' | 'dense'
  /** Counts come a turn later, and under other numbers than the cells. */
  fetched?: boolean
}

export function shapeName(s: Shape): string {
  const covariates = `${s.categories.join('+')} categories, ${s.continuous} continuous`
  const counts = s.counts === undefined ? '' : `, ${s.counts} counts`
  const from = s.fetched ? ', fetched' : ''
  return `${s.genes} genes, ${s.hidden} hidden, ${s.cells} of ${s.capacity} cells, ${covariates}${counts}${from}`
}

/** Ragged on purpose: below, at and beyond every vector width and tile. */
export const SHAPES: readonly Shape[] = [
  { genes: 1, hidden: 1, cells: 1, capacity: 1, categories: [1], continuous: 0 },
  { genes: 5, hidden: 3, cells: 2, capacity: 5, categories: [2], continuous: 1 },
  { genes: 1, hidden: 16, cells: 33, capacity: 40, categories: [2], continuous: 0 },
  { genes: 17, hidden: 16, cells: 7, capacity: 16, categories: [3, 2], continuous: 0 },
  { genes: 130, hidden: 33, cells: 61, capacity: 130, categories: [4, 1, 3], continuous: 2 },
  { genes: 257, hidden: 128, cells: 17, capacity: 128, categories: [2], continuous: 0 },
  { genes: 130, hidden: 128, cells: 130, capacity: 130, categories: [3], continuous: 1 },
  { genes: 17, hidden: 33, cells: 257, capacity: 300, categories: [2, 5], continuous: 0 },
  { genes: 33, hidden: 17, cells: 24, capacity: 32, categories: [2], continuous: 0, counts: 'huge' },
  { genes: 70, hidden: 20, cells: 23, capacity: 30, categories: [3], continuous: 0, counts: 'missing' },
  { genes: 29, hidden: 9, cells: 14, capacity: 20, categories: [2], continuous: 1, fetched: true },
]

/** The same cells in the opposite order, over the same counts; and where each has gone. */
export function reversed(source: CellSource): { source: CellSource; back: (cell: number) => number } {
  const back = (cell: number) => source.nCells - 1 - cell
  const rows = Int32Array.from({ length: source.nCells }, (_, cell) => back(cell))
  const categorical = source.categorical.map((codes) => codes.toReversed())
  const continuous = source.continuous.map((values) => values.toReversed())
  return { source: { ...source, rows, categorical, continuous, size: source.size.toReversed() }, back }
}

/** A parameter's value and Adam's moments. */
export interface ParameterValues {
  name: string
  rows: number
  columns: number
  value: Float32Array
  firstMoment: Float32Array
  secondMoment: Float32Array
}

const EXTRA_CELLS = 3

/** Seeded data and inputs of one check: the same for every device and for the oracle. */
export class Setting {
  readonly draws: Draws
  readonly source: CellSource
  /** The cells of the step under test. */
  readonly chosen: Int32Array
  /** A full minibatch of other cells that runs first, so that what it leaves behind would show. */
  readonly before: Int32Array
  readonly #counts: Float32Array[]

  constructor(
    readonly shape: Shape,
    seed: number,
  ) {
    this.draws = new Draws(seed)
    const nCells = shape.capacity + EXTRA_CELLS
    this.#counts = Array.from({ length: nCells }, (_, cell) => this.#makeRow(cell))
    const size = Float32Array.from(this.#counts, (row) =>
      Math.max(
        1,
        row.reduce((sum, x) => sum + Math.max(0, x), 0),
      ),
    )
    this.source = {
      nCells,
      nGenes: shape.genes,
      ...this.#countSource(nCells),
      categorical: shape.categories.map((n) =>
        Int32Array.from({ length: nCells }, () => this.draws.below(n)),
      ),
      continuous: Array.from({ length: shape.continuous }, () => this.draws.normals(nCells)),
      size,
    }
    this.before = this.draws.sample(nCells, shape.capacity)
    this.chosen = this.draws.sample(nCells, shape.cells)
  }

  /** The counts, and which of their rows each cell is where that is not the same number. */
  #countSource(nCells: number): { counts: CountSource; rows?: Int32Array } {
    const { genes: nGenes, counts, fetched } = this.shape
    const row = (cell: number): CellRow => {
      const all = this.#counts[cell]!
      const genes = Int32Array.from(all.keys()).filter((gene) => all[gene] !== 0)
      const entries = { genes, counts: Float32Array.from(genes, (gene) => all[gene]!) }
      // both ways of holding a row, side by side
      return cell % 2 ? entries : packRow(entries)
    }
    if (!fetched) return { counts: countsInMemory(nCells, nGenes, row, counts === 'missing') }
    const number = (cell: number) => 2 * (nCells - 1 - cell) + 1
    const nothing: CellRow = { genes: new Int32Array(0), counts: new Float32Array(0) }
    return {
      counts: {
        nCells: 2 * nCells,
        nGenes,
        load: async (cells) => Array.from(cells, (k) => (k % 2 ? row(nCells - 1 - (k - 1) / 2) : nothing)),
      },
      rows: Int32Array.from({ length: nCells }, (_, cell) => number(cell)),
    }
  }

  /** One cell in five has no count, one gene in six none either (where there are several). */
  #makeRow(cell: number): Float32Array {
    const { genes, counts } = this.shape
    return Float32Array.from({ length: genes }, (_, gene) => {
      const x = this.draws.uniform()
      // of one cell in seven nothing is known
      if (counts === 'missing' && (cell % 7 === 3 || x < 0.15)) return MISSING
      if (counts === 'dense') return x < 0.25 ? 0 : x > 0.9 ? 20.5 * x : Math.ceil(60 * (x - 0.25) ** 4)
      if (cell % 5 === 4 || gene % 6 === 5 || x < 0.7) return 0
      if (counts === 'huge' && x > 0.95) return 100_000
      return Math.ceil(40 * ((x - 0.7) / 0.3) ** 4)
    })
  }

  /** Puts other counts in the place of some; sizes stay as they are. */
  protected changeCounts(count: (cell: number, gene: number, count: number) => number): void {
    for (const [cell, row] of this.#counts.entries())
      for (const [gene, x] of row.entries()) row[gene] = count(cell, gene, x)
  }

  /** The chosen cells, as the oracles take them. */
  cells(): Cells {
    const { source, chosen, shape } = this
    const pick = (values: ArrayLike<number>) => Array.from(chosen, (cell) => values[cell]!)
    return {
      counts: filled(shape.cells, shape.genes, (i, g) => this.#counts[chosen[i]!]![g]!),
      categorical: source.categorical.map(pick),
      continuous: source.continuous.map(pick),
      size: pick(source.size),
    }
  }

  /** Normal values for a whole minibatch of rows; those past the chosen cells are large, as leftovers may be. */
  rows(columns: number, scale = 1): Float32Array {
    const used = this.shape.cells * columns
    return this.draws.normals(this.shape.capacity * columns, scale).map((x, i) => (i < used ? x : 1000 * x))
  }

  /** The rows of the chosen cells, as the oracles take them. */
  used(rows: Float32Array): Matrix {
    return matrix(this.shape.cells, rows.length / this.shape.capacity, rows)
  }

  parameter(name: string, rows: number, columns: number, scale = 1): ParameterValues {
    const size = rows * columns
    return {
      name,
      rows,
      columns,
      value: this.draws.normals(size, scale),
      firstMoment: this.draws.normals(size, 0.1),
      secondMoment: this.draws.uniforms(size, 0.001, 0.1),
    }
  }
}

/** Fills a minibatch with cells, whose counts are fetched first. */
export async function fill(device: Device, batch: Minibatch, cells: Int32Array): Promise<void> {
  await device.load(batch, cells)
  device.gather(batch, cells)
}

export function startValue(p: ParameterValues): Matrix {
  return matrix(p.rows, p.columns, p.value)
}

/** Puts a parameter on a device with garbage in its gradient: kernels write gradients, they do not add to them. */
export function makeParameters(device: Device, values: readonly ParameterValues[]): Parameter[] {
  return device.parameters(
    values.map(({ name, rows, columns, value }) => ({ name, rows, columns, values: value })),
  )
}

export function resetParameter(device: Device, parameter: Parameter, values: ParameterValues): void {
  device.write(parameter.value, values.value)
  device.write(parameter.firstMoment, values.firstMoment)
  device.write(parameter.secondMoment, values.secondMoment)
  device.write(parameter.gradient, new Float32Array(values.value.length).fill(77))
}

/** Reads tensors by name. */
export async function readAll(
  device: Device,
  tensors: Record<string, Tensor>,
): Promise<Record<string, Float32Array>> {
  const outputs: Record<string, Float32Array> = {}
  for (const [name, tensor] of Object.entries(tensors)) outputs[name] = await device.read(tensor)
  return outputs
}

export function parameterTensors(parameters: readonly Parameter[], adam: boolean): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {}
  for (const p of parameters) {
    if (!adam) tensors[`${p.name}.gradient`] = p.gradient
    else {
      tensors[`${p.name}.value`] = p.value
      tensors[`${p.name}.firstMoment`] = p.firstMoment
      tensors[`${p.name}.secondMoment`] = p.secondMoment
    }
  }
  return tensors
}
