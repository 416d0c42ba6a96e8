import { checkOptionKeys } from '../anndata/option-keys.js'
import type { ReadFrom } from '../anndata/read.js'
import { cellData, type ModelData } from '../cells/cell-data.js'
import { labelsOf } from '../cells/gene-ids.js'
import { genePositions, selectionOf } from '../cells/gene-positions.js'
import { libraryPrior } from '../cells/library-prior.js'
import { createCpuDevice } from '../device/cpu/cpu-device.js'
import type { Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { ModelCells } from '../files/model-cells.js'
import type { ModelDescription, ModelInput } from '../files/model-description.js'
import { readModel, readModelCells } from '../files/model-files.js'
import type { TrainingRecord } from '../files/training-record.js'
import { modelConfig } from '../network/config.js'
import type { Network } from '../network/network.js'
import type { NetworkState } from '../network/parameters.js'
import { packageVersion } from '../package.js'
import { networkOf } from './network-of.js'
import { checkedOptions, type ModelOptions } from './options.js'
import { cellsOf, cellsOfData, cellsOfFolder, type OwnCells } from './own-cells.js'

/** What a model is put together from. */
export interface ModelParts {
  /** For errors. */
  className: string
  description: ModelDescription
  network: Network
  device: Device
  ownsDevice: boolean
  /** Undefined for one without data, whose folder tells of no cells. */
  own: OwnCells | undefined
  isTrained: boolean
  training: TrainingRecord | undefined
  /** The cells that it was trained on: its own, or those that its folder tells of. */
  trainedOn: ModelCells | 'own' | undefined
  /** The data of a new model, which goes into its description when it is saved. */
  newInput: (Omit<ModelInput, 'sha256'> & { readFrom: readonly ReadFrom[] }) | undefined
}

/** Where a saved model goes on, and with which cells. */
export interface LoadOptions {
  /** Where it computes; CPU threads, made and disposed of by the model, when left out. */
  device?: Device
  /** Positions of the cells of the data to use; all when left out. */
  cells?: Int32Array
  /** The column of the data's var to find the model's genes by; the one that finds most when left out. */
  geneKey?: string
  /** Weight of the KL term if it is trained further; the model's own when left out. */
  beta?: number
}

/** The parts of a new model with random weights. */
export async function newParts(
  className: string,
  data: ModelData,
  options: ModelOptions,
): Promise<ModelParts> {
  const { keys, config, device, genes, cells, seed, batchSize } = checkedOptions(
    `${className}.create`,
    data,
    options,
  )
  const { source, categorical } = cellData(data, keys, cells, genes)
  const nBatches = categorical[0]!.categories.length
  const { names, ids, symbols, occurrences } = labelsOf(data)
  const take = <T>(all: readonly T[]) => (genes ? Array.from(genes, (gene) => all[gene]!) : [...all])
  const description: ModelDescription = {
    version: packageVersion(),
    config,
    genes: take(names),
    ...(ids && { geneIds: take(ids) }),
    ...(symbols && { geneSymbols: take(symbols) }),
    ...(occurrences && { geneOccurrences: take(occurrences) }),
    categorical,
    continuous: [...(keys.continuousCovariateKeys ?? [])],
    sizeFactorKey: keys.sizeFactorKey ?? null,
    libraryPrior: config.library === 'latent' ? Array.from(libraryPrior(source, nBatches)) : null,
    batchSize,
    seed,
  }
  return {
    className,
    description,
    ...(await placed(description, device)),
    own: cellsOfData(description, data, source, cells, genes),
    isTrained: false,
    training: undefined,
    trainedOn: undefined,
    newInput: {
      path: data.path,
      countsSource: data.countsSource ?? null,
      readFrom: data.readFrom ?? [{ path: data.path }],
    },
  }
}

/** The parts of a saved model, with the cells of data or with those of its folder. */
export async function loadedParts(
  className: string,
  directory: string,
  data: ModelData | undefined,
  options: LoadOptions,
): Promise<ModelParts> {
  checkOptionKeys(`${className}.load`, options, ['device', 'cells', 'geneKey', 'beta'])
  const { device, cells, geneKey, beta } = options
  if (cells && !data)
    throw new ScvaeError('usage', `${className}.load takes cells of data, and was given none.`)
  const saved = readModel(directory)
  const { state, isTrained, training } = saved
  const description =
    beta === undefined
      ? saved.description
      : { ...saved.description, config: modelConfig({ ...saved.description.config, beta }) }
  const trainedOn = readModelCells(directory, description)
  const own = data
    ? boundTo(description, data, cells, geneKey)
    : trainedOn && cellsOfFolder(trainedOn, description)
  return {
    className,
    description,
    ...(await placed(description, device, state)),
    own,
    isTrained,
    training,
    trainedOn,
    newInput: undefined,
  }
}

function boundTo(
  description: ModelDescription,
  data: ModelData,
  cells: Int32Array | undefined,
  geneKey: string | undefined,
): OwnCells {
  const genes = selectionOf(genePositions(description, data, geneKey).positions, data.nGenes)
  return cellsOfData(description, data, cellsOf(description, data, cells, genes).source, cells, genes)
}

/** A network on the device given, or on threads of its own. */
async function placed(
  description: ModelDescription,
  given: Device | undefined,
  state?: NetworkState,
): Promise<Pick<ModelParts, 'network' | 'device' | 'ownsDevice'>> {
  const device = given ?? (await createCpuDevice())
  let network: Network | undefined
  try {
    network = networkOf(description, device)
    if (state) network.setState(state)
    return { network, device, ownsDevice: given === undefined }
  } catch (error) {
    network?.release()
    if (given === undefined) await device.dispose()
    throw error
  }
}
