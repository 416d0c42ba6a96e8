import type { AnnData } from '../../anndata/read.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { type BetaCurve, betaCurve } from '../../models/rate-distortion.js'
import { interruptible } from '../interrupt.js'
import type { Log } from '../log.js'
import { stageBar } from '../stage-bar.js'

/** Which model is trained on, and with what. */
export interface CurveSettings {
  directory: string
  geneKey: string | undefined
  columns: readonly string[]
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
}

/** Fits of other β, which the log tells of. */
export async function measuredCurve(
  settings: CurveSettings,
  adata: AnnData,
  cells: Int32Array,
  log: Log,
): Promise<BetaCurve | undefined> {
  const { directory, geneKey, columns, seed } = settings
  const device = await openDevice(settings)
  let bar = stageBar(log, 'refit')
  try {
    return await interruptible(
      (signal) =>
        betaCurve(directory, adata, {
          ...{ cells, columns, device },
          ...(geneKey !== undefined && { geneKey }),
          ...(seed !== undefined && { seed }),
          onRefit(beta, done, total) {
            log.info(`refit ${done + 1} of ${total}: β = ${beta}`)
            bar = stageBar(log, `β = ${beta}`)
          },
          hooks: { signal, onEpoch: ({ epoch }, epochs) => bar(epoch, epochs) },
        }),
      () => log.warn('stopping'),
    )
  } finally {
    log.clearBar()
    await device.dispose()
  }
}
