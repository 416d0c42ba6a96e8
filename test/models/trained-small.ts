import type { Device } from '../../src/device/device.js'
import { SCVI } from '../../src/models/scvi.js'
import { smallData } from '../train/small-data.js'

/** Small data whose cells have names. */
export function namedData() {
  const small = smallData()
  return { ...small, obsNames: Array.from({ length: small.nCells }, (_, cell) => `cell-${cell}`) }
}

/** A model of such data after a few epochs, saved to a folder. */
export async function trainedOn(
  data: ReturnType<typeof namedData>,
  device: Device,
  folder: string,
): Promise<SCVI> {
  const model = await SCVI.create(data, {
    device,
    batchKey: 'batch',
    nHidden: 16,
    nLatent: 3,
    batchSize: 32,
  })
  await model.train({ maxEpochs: 3, seed: 1 })
  await model.save(folder)
  return model
}
