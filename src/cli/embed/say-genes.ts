import type { GeneMatch } from '../../cells/match-genes.js'
import { formatCount } from '../../report/format.js'
import type { Log } from '../log.js'
import { listed } from '../text.js'

/** Below this share of the model's genes, what it makes of the others is warned of. */
const FEW = 0.8

/** Says how a model's genes were found, unless they all were, by their names. */
export function sayGenes(
  { positions, found, versions, by }: GeneMatch,
  genes: readonly string[],
  log: Log,
): void {
  const all = genes.length
  if (found === all && versions === 0 && by === 'their names') return
  const suffix = versions > 0 ? ', without version suffixes' : ''
  log.info(`${formatCount(found)} of ${formatCount(all)} of the model's genes found by ${by}${suffix}`)
  if (found === all) return
  const missing = listed(genes.filter((_, gene) => positions[gene]! < 0))
  if (found >= FEW * all) {
    log.info(`taken as absent: ${missing}`)
    return
  }
  log.warn({
    what: `Only ${formatCount(found)} of ${formatCount(all)} of the model's genes are in the file`,
    why: `the others are taken as absent (${missing}), and latents of cells that lack many genes are not those that the model would give with them`,
    measure: "share of the model's genes in the file",
    value: found / all,
    threshold: FEW,
    advice: '--gene-key names another column of var to find genes by',
  })
}
