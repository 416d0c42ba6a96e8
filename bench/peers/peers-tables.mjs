import { figure, printTable, spread, spreadText } from '../lib/output.mjs'

/** The median and the quartiles; the value alone where there is one. */
function summary(values, digits = 3) {
  const about = spread(values)
  return values.length === 1 ? figure(about.median, digits) : spreadText(about, digits)
}

/** The largest share, where it is known. */
const percents = (shares) =>
  shares.includes(null) ? '–' : `${(100 * Math.max(...shares)).toFixed(0)} % at most`

/** Prints the tables of one data set. */
export function printPeers({ name, nCells, nGenes, density, rounds }, sides, peer, { threads, workflow }) {
  const values = (side, key) => rounds.map((runs) => runs[side][key])
  const text = (side, of) => summary(rounds.map((runs) => of(runs[side])))
  /** Ratios to the peer of the same round. */
  const ratio = (side, of) => {
    if (!rounds[0][peer] || side === peer) return '–'
    return summary(rounds.map((runs) => of(runs[side], runs[peer])))
  }
  const epochs = [...new Set(sides.flatMap((side) => values(side, 'epochs')))].join('/')
  const about = `${nCells.toLocaleString('en-US')} cells × ${nGenes.toLocaleString('en-US')} genes, ${figure(100 * density)} % nonzero`
  const runs = rounds.length === 1 ? 'one round' : `${rounds.length} rounds, median (quartiles)`
  printTable(
    `${name}: ${about}; ${epochs} epochs, ${threads} threads, ${runs}`,
    [
      '',
      workflow ? 'cold start to finished file, s' : 'cold start to latents, s',
      'times faster',
      'training, cells/s',
      'times faster',
      'peak memory, MB',
      'share of memory',
      'held-out −ELBO, nats/cell',
      'other programs',
    ],
    sides.map((side) => [
      label(side),
      text(side, (run) => run.seconds),
      ratio(side, (ours, theirs) => theirs.seconds / ours.seconds),
      text(side, (run) => run.trainCellsPerSecond),
      ratio(side, (ours, theirs) => ours.trainCellsPerSecond / theirs.trainCellsPerSecond),
      text(side, (run) => (run.peakBytes ?? Number.NaN) / 1e6),
      ratio(side, (ours, theirs) => ours.peakBytes / theirs.peakBytes),
      summary(values(side, 'heldoutElbo'), 5),
      percents(values(side, 'othersShare')),
    ]),
  )
  const phases = [...new Set(sides.flatMap((side) => Object.keys(rounds[0][side].phases)))]
  printTable(
    'Seconds of each phase, median',
    ['', ...phases],
    sides.map((side) => [
      label(side),
      ...phases.map((phase) => {
        const seconds = rounds.map((run) => run[side].phases[phase])
        return seconds[0] === undefined ? '–' : figure(spread(seconds).median)
      }),
    ]),
  )
  if (rounds[0][peer]) printTimeToTarget(rounds, sides, peer)
}

/** When our held-out ELBO was first as good as the one that the peer ended with. */
function printTimeToTarget(rounds, sides, peer) {
  const reached = sides
    .filter((side) => rounds[0][side].validations)
    .map((side) => {
      const found = rounds.map((runs) => {
        const target = runs[peer].heldoutElbo
        const first = runs[side].validations.find(({ heldoutElbo }) => heldoutElbo <= target)
        return first && { ...first, ratio: runs[peer].trainedAt / first.seconds }
      })
      if (found.some((one) => one === undefined)) return [label(side), 'not reached', '–', '–']
      const of = (key) => summary(found.map((one) => one[key]))
      return [label(side), of('epoch'), of('seconds'), of('ratio')]
    })
  if (reached.length === 0) return
  printTable(
    `Until the held-out ELBO with which ${peer} ends (its training ends ${summary(rounds.map((runs) => runs[peer].trainedAt))} s after its start)`,
    ['', 'epoch', 's after the start', 'times faster'],
    reached,
  )
}

const label = (side) =>
  ({ fit: 'scvae fit', native: 'scvae, native', wasm: 'scvae, WebAssembly' })[side] ?? side
