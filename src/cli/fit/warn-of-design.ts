import { designColumns } from '../../analysis/design/columns.js'
import { type Crossing, cross } from '../../analysis/design/crossing.js'
import { AS_GOOD_AS_ONE, confounded } from '../../analysis/design/key-choices.js'
import { SEPARATED, separation } from '../../analysis/design/separation.js'
import { isOwnKey } from '../../anndata/write/own-keys.js'
import type { Matrix } from '../../numeric/matrix.js'
import { formatPercent } from '../../report/format.js'
import type { Warning } from '../../report/warning.js'
import type { Log } from '../log.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'

/** Before training: warns of conditions that the batch key corrects away. */
export function warnOfConfounding(
  { adata, cells }: Pick<FitData, 'adata' | 'cells'>,
  { batchKey }: Pick<FitSettings, 'batchKey'>,
  log: Pick<Log, 'warn'>,
): void {
  if (batchKey === undefined) return
  const told = (name: string) => (name === batchKey ? ('technical' as const) : undefined)
  const { columns } = designColumns(adata, cells, told)
  const key = columns.find(({ name }) => name === batchKey)
  if (!key) return
  for (const condition of columns.filter(({ role }) => role === 'condition')) {
    const crossing = cross(key, condition, cells)
    if (!confounded(crossing)) continue
    log.warn({
      what: `differences of "${condition.name}" cannot be told from those of the batch key "${batchKey}"`,
      why: 'they are corrected away with them',
      ...measured(crossing),
      advice: 'take a coarser batch key; scvae design names those that keep the differences',
    })
  }
}

/** What tells that two columns are confounded: categories of one that have batches of their own, or Cramér's V. */
const measured = ({ nGroups, cramersV }: Crossing): Partial<Warning> =>
  nGroups > 1
    ? { measure: 'groups of its values that no batch links', value: nGroups, threshold: 2 }
    : { measure: "Cramér's V", value: cramersV, threshold: AS_GOOD_AS_ONE }

/** After training without a batch key: warns of the column by which cells lie apart within their neighbourhoods. */
export function warnOfSeparation(
  { adata, cells, keys }: Pick<FitData, 'adata' | 'cells' | 'keys'>,
  { batchKey, train }: Pick<FitSettings, 'batchKey' | 'train'>,
  latent: Matrix,
  log: Pick<Log, 'warn'>,
): void {
  if (batchKey !== undefined) return
  const found = designColumns(adata, cells)
    .columns.filter(
      ({ name, role }) => !isOwnKey(`obs/${name}`, keys) && role !== 'label' && role !== 'unknown',
    )
    .flatMap(({ name, codes }) => {
      const ofFitted = Int32Array.from(cells, (cell) => codes[cell]!)
      const measured = separation(latent, ofFitted, train.seed)
      return measured && measured.separation >= SEPARATED ? [{ name, ...measured }] : []
    })
    .sort((a, b) => b.separation - a.separation)
  const most = found[0]
  if (!most) return
  const others =
    found.length > 1
      ? ` (and by ${found
          .slice(1)
          .map(({ name }) => `"${name}"`)
          .join(', ')})`
      : ''
  log.warn({
    what: `cells lie apart by "${most.name}"${others} within their neighbourhoods`,
    why: `${formatPercent(most.near)} of a cell's nearest have its own value, where ${formatPercent(most.wide)} of those around do`,
    measure: 'separation, from 0 to 1',
    value: most.separation,
    threshold: SEPARATED,
    advice: `--batch-key ${most.name} corrects for it, unless it is what you look for`,
  })
}
