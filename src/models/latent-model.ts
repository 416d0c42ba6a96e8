import { checkOptionKeys } from '../anndata/option-keys.js'
import { withHostKernels } from '../device/host-kernels.js'
import { abundance } from './abundance.js'
import {
  ABUNDANCE_KEYS,
  type Abundance,
  type AbundanceOptions,
  abundanceSettings,
} from './abundance-options.js'
import { Model } from './model.js'
import type { CellsOptions, SeededOptions } from './options.js'
import {
  type LabelTransferAnswer,
  type PlacedCells,
  TRANSFER_KEYS,
  type TransferOptions,
  transferred,
  transferSettings,
} from './transfer.js'

const CELLS = ['adata', 'cells', 'geneKey', 'genePositions'] as const

/** A model that is asked which cells lie near each other. */
export abstract class LatentModel extends Model {
  /**
   * Labels of cells by the labelled cells nearest to them in the latent, with the share of the neighbours' weight that is behind each,
   * and whether a cell is farther from the labelled ones than cells of its label are from each other (docs/ask.md). A labelled cell of the same name
   * has no say.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (bad-input) for a column that the labelled cells do not have, or without labels;
   *   (usage) for a setting out of range.
   */
  transferLabels(options: TransferOptions): Promise<LabelTransferAnswer> {
    return this.exclusive(async () => {
      const caller = 'transferLabels'
      checkOptionKeys(caller, options, [...CELLS, ...TRANSFER_KEYS])
      const { labelsKeys, nNeighbors, unknownShare } = transferSettings(options)
      const { reference: labelled = {}, onProgress } = options
      checkOptionKeys(`${caller}: reference`, labelled, CELLS)
      const reference = await this.#placed(caller, labelled)
      const cells = await this.#placed(caller, options)
      const n = cells.latent.rows
      const labels: LabelTransferAnswer['labels'] = []
      for (const [i, labelsKey] of labelsKeys.entries()) {
        const settings = { labelsKey, nNeighbors, unknownShare }
        const { device } = this.network
        const onPoints = (done: number) => onProgress?.(i * n + done, labelsKeys.length * n)
        labels.push(await transferred(device, this.description, reference, cells, settings, onPoints))
      }
      return { latent: cells.latent, labels, nNeighbors, unknownShare }
    })
  }

  /**
   * How densely each sample's cells lie around each cell, and where two conditions differ by their samples (docs/ask.md, also on what scvi-tools
   * does otherwise).
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (bad-input) for an unknown column or condition, and where fewer than two samples
   *   of 10 cells are compared; (usage) for a setting out of range.
   */
  differentialAbundance(options: AbundanceOptions): Promise<Abundance> {
    return this.exclusive(async () => {
      const caller = 'differentialAbundance'
      checkOptionKeys(caller, options, [...CELLS, 'seed', ...ABUNDANCE_KEYS])
      const settings = abundanceSettings(options)
      const question = await this.question(caller, { ...cellsOf(options), ...seedOf(options) }, 'encode')
      return withHostKernels(this.network.device, (host) =>
        abundance(host, question, this.description.config.nLatent, options, settings),
      )
    })
  }

  /** Cells with their posterior means. */
  async #placed(caller: string, options: CellsOptions): Promise<PlacedCells> {
    const { asked, posterior } = await this.question(caller, cellsOf(options), 'encode')
    const { nLatent } = this.description.config
    return { asked, latent: { values: posterior.mean.slice(), rows: asked.source.nCells, columns: nLatent } }
  }
}

/** Those of some options that say which cells they are about. */
const cellsOf = ({ adata, cells, geneKey, genePositions }: CellsOptions): CellsOptions => ({
  ...(adata && { adata }),
  ...(cells && { cells }),
  ...(geneKey !== undefined && { geneKey }),
  ...(genePositions && { genePositions }),
})

const seedOf = ({ seed }: SeededOptions): SeededOptions => (seed === undefined ? {} : { seed })
