import type { NullBatches } from '../../models/null-batches.js'
import type { FindingsPage } from '../../report/findings-page.js'
import { type Finding, shown } from './finding.js'

/** Share of a cell's neighbours that halves of no meaning may change beyond what a seed does. */
const CHANGED = 0.05
/** Adjusted Rand index that clusters may lose beyond that. */
const ARI_LOST = 0.1
/** Share of the genes that may be called different between the halves. */
const FALSE_GENES = 0.05

/** Whether the fit makes something of batches that are nothing. */
export function nullFinding(found: NullBatches): Finding {
  const { excess, noise, refits, falseGenes, falseGenesPlain, crossedWith } = found
  const { changed, ariLost } = excess
  const about = {
    name: 'null_batches',
    title: 'Batches of no meaning',
    value: changed.value,
    error: changed.error,
    unit: 'share of neighbours',
    figures: [
      ['refits', `${refits.length} with random halves for batches, ${found.epochs} epochs each`],
      ...(crossedWith === null ? [] : [['halves are crossed with', crossedWith] as const]),
      ['neighbours that another seed changes', percent(noise.changed)],
      ['changed beyond that', percent(changed)],
      ['adjusted Rand index of clusters of two seeds', shown(noise.ari)],
      ['lost beyond that', shown(ariLost)],
      ['genes called different between the halves', percent(falseGenes)],
      ['the same by fits that were not told of them', percent(falseGenesPlain)],
    ],
  } satisfies Partial<Finding>
  const harm = [
    ...(sure(changed, CHANGED) ? [`change ${percent(changed)} of a cell's neighbours`] : []),
    ...(sure(ariLost, ARI_LOST) ? [`cost clusters ${shown(ariLost)} of the adjusted Rand index`] : []),
    ...(sure(falseGenes, FALSE_GENES)
      ? [`have ${percent(falseGenes)} of the genes called different between them`]
      : []),
  ]
  if (harm.length > 0)
    return {
      ...about,
      grade: 'attention',
      sentence: `Random halves that are given as batches ${listOf(harm)}, beyond what another seed does: the fit alters data by batches that are nothing, so give it as few --batch-key levels as there are real ones, and train for longer.`,
    }
  return {
    ...about,
    grade: 'good',
    sentence: `Random halves that are given as batches change ${percent(changed)} of a cell's neighbours beyond what another seed does, cost clusters ${shown(ariLost)} of the adjusted Rand index, and have ${percent(falseGenes)} of the genes called different between them: batches of no meaning do not alter the data.`,
  }
}

const sure = ({ value, error }: { value: number; error: number }, most: number) => value - 2 * error > most

const percent = ({ value, error }: { value: number; error: number }) =>
  `${(100 * value).toFixed(1)} ± ${(100 * error).toFixed(1)} %`

const listOf = (parts: readonly string[]) =>
  parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`

/** The refits in numbers. */
export function nullTable({ refits, noise }: NullBatches): FindingsPage['tables'][number] {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`
  return {
    title: 'Refits with batches of no meaning',
    note: "Share of a cell's 15 nearest neighbours that differ from those of fits without such batches; adjusted Rand index of the clusters; genes called different between the halves, by the refit and by a fit that was not told of them.",
    rows: [
      ['seed', 'neighbours changed', 'adjusted Rand index', 'genes called', 'without being told'],
      ...refits.map((refit) => [
        String(refit.seed),
        share(refit.changed),
        refit.ari.toFixed(3),
        share(refit.falseGenes),
        share(refit.falseGenesPlain),
      ]),
      ['two seeds', share(noise.changed.value), noise.ari.value.toFixed(3), '', ''],
    ],
  }
}

/** The same under stable names. */
export function nullRecord(found: NullBatches): Record<string, unknown> {
  return {
    n_cells: found.nCells,
    n_genes: found.nGenes,
    max_epochs: found.epochs,
    crossed_with: found.crossedWith,
    seed_noise: { neighbors_changed: found.noise.changed, ari: found.noise.ari },
    refits: found.refits.map(({ seed, changed, ari, falseGenes, falseGenesPlain }) => ({
      seed,
      neighbors_changed: changed,
      ari,
      false_genes: falseGenes,
      false_genes_not_told: falseGenesPlain,
    })),
    beyond_noise: { neighbors_changed: found.excess.changed, ari_lost: found.excess.ariLost },
    false_genes: found.falseGenes,
    false_genes_not_told: found.falseGenesPlain,
  }
}
