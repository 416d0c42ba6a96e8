import type { Packed } from '../../report/page/pack.js'
import type { Page } from './read-page.js'

/** Rounding of float32 in sums of a network, as a share of a value, or of 1 below 1. */
const ROUNDING = 1e-5

/** Facts that name the build. */
const OF_BUILD = /<div><dt>(?:Kernels|scvae)<\/dt><dd>[^<]*<\/dd><\/div>/g

/** What differs between a page and its repetition: a sentence each; none where all is the same. */
export function comparePages(page: Page, again: Page, exact: boolean): string[] {
  const same: Same = exact ? Object.is : isRounded
  const words = (text: string) => (exact ? text : text.replace(OF_BUILD, ''))
  const differences = compareTexts(words(page.text), words(again.text), same)
  const build = page.claim?.kernelsId ?? null
  if (build !== null && !page.text.includes(`build ${build}`))
    differences.push(`The page does not show the build ${build} that it claims.`)
  if (exact && page.programs !== again.programs)
    differences.push('The scripts or the style of the page differ.')
  const { data } = page
  if (typeof data === 'string') return [...differences, data]
  if ((data === undefined) !== (again.data === undefined))
    return [...differences, 'One page has a map, the other none.']
  if (data && again.data && typeof again.data !== 'string')
    differences.push(...comparePacks(data, again.data, same))
  return differences
}

type Same = (one: number, other: number) => boolean

const isRounded: Same = (one, other) =>
  Object.is(one, other) || Math.abs(one - other) <= ROUNDING * Math.max(1, Math.abs(one))

/** Texts piece by piece: marks and words must be the same, numbers nearly so where that is asked. */
function compareTexts(text: string, again: string, same: Same): string[] {
  const pieces = (of: string) => of.match(/<[^>]*>|[^<]+/g) ?? []
  const [ours, theirs] = [pieces(text), pieces(again)]
  const differences: string[] = []
  let heading = 'the beginning'
  for (const [i, piece] of ours.entries()) {
    if (ours[i - 1] === '<h2>') heading = `"${piece}"`
    const other = theirs[i] ?? ''
    if (sameNumbers(piece, other, same)) continue
    differences.push(`${heading}: the page has ${shown(piece)}, the run gives ${shown(other)}.`)
  }
  if (ours.length !== theirs.length) differences.push('The pages have not as many parts.')
  return differences
}

const NUMBER = /[-−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?/g

function sameNumbers(piece: string, other: string, same: Same): boolean {
  if (same === Object.is) return piece === other
  if (piece.replace(NUMBER, '#') !== other.replace(NUMBER, '#')) return false
  const numbers = (text: string) =>
    Array.from(text.matchAll(NUMBER), ([number]) => Number(number.replaceAll(',', '').replace('−', '-')))
  const theirs = numbers(other)
  return numbers(piece).every((number, i) => same(number, theirs[i]!))
}

const shown = (piece: string) => JSON.stringify(piece.trim().slice(0, 80))

function comparePacks(page: Packed<unknown>, again: Packed<unknown>, same: Same): string[] {
  const differences: string[] = []
  if (!sameNumbers(JSON.stringify(page.header), JSON.stringify(again.header), same))
    differences.push('The map: names, categories or scales differ.')
  for (const [name, values] of Object.entries(page.arrays)) {
    const others = again.arrays[name]
    if (others?.length !== values.length) {
      differences.push(`The map: ${name} has another number of values.`)
      continue
    }
    let different = 0
    for (let i = 0; i < values.length; i++) if (!same(values[i]!, others[i]!)) different++
    if (different > 0) differences.push(`The map: ${different} of ${values.length} values of ${name} differ.`)
  }
  return differences
}
