import type { AdamSettings, TrainedPart } from '../../device.js'
import { gpuParameter, type ParameterArena } from '../gpu-tensor.js'
import { strided } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import { aligned } from '../queue/view.js'
import { adamScalars } from '../steps/adam-scalars.js'
import { adamUpdate } from '../wgsl/update.js'

/** Adam's update of parameters. Neighbours in the arena are updated by one dispatch. */
export function adamUpdates(
  parts: readonly TrainedPart[],
  settings: AdamSettings,
  threads: number,
): Launch[] {
  return stretchesOf(parts).map(({ arena, first, end }) => {
    const { value, gradient, firstMoment, secondMoment } = arena
    return launch(adamUpdate(threads), {
      buffers: { value, gradient, firstMoment, secondMoment },
      scalars: { ...adamScalars(settings), first, size: end - first },
      groups: strided(end - first, threads),
    })
  })
}

/** Words of an arena that are updated together. */
interface Stretch {
  arena: ParameterArena
  first: number
  end: number
  /** Whether the last parameter ends there, so that the next one follows. */
  whole: boolean
}

function stretchesOf(parts: readonly TrainedPart[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const { parameter, rows = [0, parameter.value.rows] } of parts) {
    const { arena, value } = gpuParameter(parameter)
    const [from, to] = rows
    if (from === to) continue
    const start = value.view.offset
    const first = start + from * value.columns
    const end = start + to * value.columns
    const whole = to === value.rows
    const last = stretches.at(-1)
    if (last?.whole && last.arena === arena && first === aligned(last.end))
      Object.assign(last, { end, whole })
    else stretches.push({ arena, first, end, whole })
  }
  return stretches
}
