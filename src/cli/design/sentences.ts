import type { Crossing } from '../../analysis/design/crossing.js'
import { FEW_CELLS, type KeyChoice } from '../../analysis/design/key-choices.js'
import type { DesignPair, StudyDesign } from '../../analysis/design/study-design.js'
import { shellWord } from '../../anndata/shell-word.js'
import { formatPlural } from '../../report/format.js'
import { listed } from '../text.js'

/** What can be told of two columns that cross so, in one sentence. */
export function pairSentence({ first, second, role, crossing }: DesignPair): string {
  if (role === 'label') return labelSentence(first, second, crossing)
  switch (crossing.relation) {
    case 'same':
      return `${first} and ${second} part the cells alike: what one does cannot be told from what the other does`
    case 'inside':
      return `${second} is constant within each ${first} (${countsOf(crossing)}): its values differ by what differs between values of ${first}; compare these, not cells`
    case 'around':
      return `each ${second} lies in one ${first}: values of ${second} can be compared within a ${first} (${groupsOf(crossing)}), not across`
    case 'apart':
      return `${first} and ${second} fall into ${crossing.nGroups} groups that share no cells: values of ${second} can be compared within a group (${groupsOf(crossing)}), not across`
    case 'partly':
      return `${first} and ${second} cross in part: ${emptyOf(crossing)}; the other combinations link all values`
    case 'crossed':
      return `${first} and ${second} cross: every combination has cells`
  }
}

/** Labels are no plan of anyone's: what matters is where each is found. */
function labelSentence(first: string, second: string, { table, rows, columns }: Crossing): string {
  const found = columns.map((_, c) => rows.filter((_, r) => table[r * columns.length + c]! > 0).length)
  const alone = columns.filter((_, c) => found[c] === 1)
  const some = columns.filter((_, c) => found[c]! > 1 && found[c]! < rows.length)
  if (alone.length > 0) {
    return `${listed(alone)} of ${second} ${alone.length === 1 ? 'is' : 'are'} found in one ${first} each: whether that is ${first} or biology cannot be told`
  }
  return some.length > 0
    ? `${listed(some)} of ${second} ${some.length === 1 ? 'is' : 'are'} missing from some ${first}`
    : `every ${second} is found in every ${first}`
}

/** How many of the first column's values each of the second's has: "3 for ctrl, 4 for stim". */
function countsOf({ table, rows, columns }: Crossing): string {
  const counts = columns.map((name, c) => {
    const having = rows.filter((_, r) => {
      const own = table.subarray(r * columns.length, (r + 1) * columns.length)
      return own[c]! > 0 && own[c] === Math.max(...own)
    })
    return `${having.length} for ${name}`
  })
  return listed(counts)
}

/** The second column's values in groups that can be compared: "a with b; c alone". */
function groupsOf({ groups, nGroups, columns }: Crossing): string {
  const lists = Array.from({ length: nGroups }, (_, g) => columns.filter((_, c) => groups[c] === g))
  const texts = lists.map((names) => (names.length === 1 ? `${names[0]} alone` : listed(names, 4)))
  const shown = texts.slice(0, 4).join('; ')
  return texts.length > 4 ? `${shown}; and ${texts.length - 4} more groups` : shown
}

function emptyOf({ table, rows, columns }: Crossing): string {
  const empty = rows.flatMap((row, r) =>
    columns.flatMap((column, c) => (table[r * columns.length + c] === 0 ? [`${row} with ${column}`] : [])),
  )
  return empty.length === 0 ? 'some combinations have hardly a cell' : `no cell of ${listed(empty, 3)}`
}

/** What a key corrects and what it costs, in one line. */
export function choiceSentence({ batches, smallest, small, without, givesUp, leaves }: KeyChoice): string {
  return [
    `${formatPlural(batches, 'batch', 'batches')}, the smallest of ${formatPlural(smallest, 'cell')}`,
    ...(small > 0 ? [`${small} of fewer than ${FEW_CELLS}`] : []),
    ...(without > 0 ? [`${formatPlural(without, 'cell')} without a value`] : []),
    givesUp.length > 0
      ? `gives up ${givesUp.map(({ name, crossing }) => `${name} (V ${crossing.cramersV.toFixed(2)})`).join(', ')}`
      : 'gives up no condition',
    ...(leaves.length > 0 ? [`leaves differences between values of ${leaves.join(', ')}`] : []),
  ].join('; ')
}

/** What to do, first. */
export function verdict({ advice, columns }: StudyDesign, file: string): string {
  const { advised, choices } = advice
  if (advised !== undefined)
    return `take ${advised} as the batch key: scvae fit ${shellWord(file)} --batch-key ${shellWord(advised)}`
  if (choices.length === 0) {
    const unknown = columns.filter(({ role }) => role === 'unknown').map(({ name }) => name)
    return unknown.length > 0
      ? `no column is known to say how cells were measured; if one of ${listed(unknown)} does, name it: --batch-key COLUMN`
      : 'no column says how cells were measured: fit without a batch key'
  }
  const lost = [...new Set(choices.flatMap(({ givesUp }) => givesUp.map(({ name }) => name)))]
  if (lost.length === 0) return `no key is advised: ${choices[0]!.name} would do, but ${choices[0]!.against}`
  return `no key is advised: each would correct differences of ${lost.join(' and ')} away; fit without one if these are what you look for, with ${choices[0]!.name} if cell types are`
}
