import { NO_CATEGORY } from '../../src/report/page/page-data.js'
import { categoryColor, cssColor, MISSING_COLOR } from '../../src/report/page/palette.js'
import { button, count, create } from '../dom.js'
import type { View } from './view.js'

/** Categories above which a legend can be searched, and those above which names on the map would hide it. */
const SEARCHED = 12
const LABELLED = 40

/** The cells of one category. */
export const cellsOfCategory = (codes: Uint16Array, code: number): Uint32Array =>
  Uint32Array.from(codes.keys()).filter((cell) => codes[cell] === code)

/** Cells by category. */
export function categoricalView(
  name: string,
  categories: readonly string[],
  codes: Uint16Array,
  isDark: () => boolean,
): View {
  const sizes = new Map<number, number>()
  for (const code of codes) sizes.set(code, (sizes.get(code) ?? 0) + 1)
  const present = [...sizes.keys()].sort((a, b) => a - b)
  const chosen = new Set<number>()
  let searched = ''
  const colorOf = (code: number) => (code === NO_CATEGORY ? MISSING_COLOR : categoryColor(code, isDark()))
  const nameOf = (code: number) => (code === NO_CATEGORY ? 'missing' : (categories[code] ?? ''))
  const codeOf = (cell: number) => codes[cell] ?? NO_CATEGORY

  const row = (code: number, changed: () => void): HTMLElement => {
    const choose = () => {
      if (!chosen.delete(code)) chosen.add(code)
      changed()
    }
    const element = button('', choose, 'category')
    element.setAttribute('aria-pressed', String(chosen.has(code)))
    element.classList.toggle('faded', chosen.size > 0 && !chosen.has(code))
    const patch = create('span', 'patch')
    patch.style.background = cssColor(colorOf(code))
    element.append(
      patch,
      create('span', 'label', nameOf(code)),
      create('span', 'size', count(sizes.get(code) ?? 0)),
    )
    return element
  }
  const labelled = present.filter((code) => code !== NO_CATEGORY)
  return {
    name,
    color: (cell) => colorOf(codeOf(cell)),
    layer: (cell) => (chosen.size === 0 || chosen.has(codeOf(cell)) ? 0 : -1),
    text: (cell) => nameOf(codeOf(cell)),
    ...(labelled.length > 1 &&
      labelled.length <= LABELLED && {
        labels: labelled.map((code) => ({
          name: nameOf(code),
          cells: () => cellsOfCategory(codes, code),
        })),
      }),
    get isolated() {
      return chosen.size > 0
    },
    showAll: () => chosen.clear(),
    legend: (element, changed) => {
      const list = create('div', 'categories')
      const fill = () => {
        const wanted = searched.toLowerCase()
        list.replaceChildren(
          ...present
            .filter((code) => nameOf(code).toLowerCase().includes(wanted))
            .map((code) => row(code, changed)),
        )
      }
      if (present.length > SEARCHED) {
        const search = create('input', 'search')
        search.type = 'search'
        search.placeholder = `search ${count(present.length)} categories`
        search.setAttribute('aria-label', `Search the categories of ${name}`)
        search.value = searched
        search.addEventListener('input', () => {
          searched = search.value
          fill()
        })
        element.append(search)
      }
      fill()
      element.append(list)
    },
  }
}
