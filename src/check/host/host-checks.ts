import { blockChecks } from './block-checks.js'
import { correlationChecks } from './correlation-checks.js'
import { decodeChecks } from './decode-checks.js'
import { drawChecks } from './draw-checks.js'
import { expressionChecks } from './expression-checks.js'
import { fitChecks } from './fit-checks.js'
import { graphChecks } from './graph-checks.js'
import type { HostCheck } from './host-check.js'
import { scoreChecks } from './score-checks.js'

/** Every kernel that works after training: what each build for CPUs is held to. */
export const HOST_CHECKS: readonly HostCheck[] = [
  ...scoreChecks(),
  ...fitChecks(),
  ...graphChecks(),
  ...blockChecks(),
  ...expressionChecks(),
  ...decodeChecks(),
  ...drawChecks(),
  ...correlationChecks(),
]
