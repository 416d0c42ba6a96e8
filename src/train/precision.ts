import type { Device, Precision } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { TrainOptions } from './options.js'

/**
 * The precision of a run's large products on a device.
 *
 * @throws ScvaeError (usage) where bf16 is asked for and the device has no such products
 */
export function precisionOn(
  { bfloat16, label, build }: Pick<Device, 'bfloat16' | 'label' | 'build'>,
  precision: TrainOptions['precision'],
): Precision {
  if (precision !== 'bf16') return 'f32'
  if (bfloat16) return 'bf16'
  throw new ScvaeError('usage', `There are no products of bfloat16 on ${label} (${build}).`, {
    hint: 'Use --precision f32. They need the native kernels for AVX-512 and a processor with AVX-512 BF16.',
  })
}
