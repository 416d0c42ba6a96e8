import type { Rgb } from '../../src/report/page/palette.js'

/** How the cells look under one colouring. */
export interface View {
  name: string
  color(cell: number): Rgb
  /** Drawing order, at most 1: higher over lower; negative for cells that the legend has faded out. */
  layer(cell: number): number
  /** The cell's value, in words. */
  text(cell: number): string
  /** Fills the legend; `changed` asks for a new drawing. */
  legend(element: HTMLElement, changed: () => void): void
  /** The categories whose names stand on the map: where, by the cells in them. */
  readonly labels?: readonly { name: string; cells: () => Uint32Array }[]
  /** Whether some cells are faded. */
  readonly isolated: boolean
  showAll(): void
}
