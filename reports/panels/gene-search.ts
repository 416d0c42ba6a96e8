import { byId } from '../dom.js'

export interface GeneSearch {
  genes: readonly string[]
  /** Colours the map by a gene; undefined where the name is none. */
  show(gene: number): void
}

/** Lets the reader name a gene; gives what puts a gene's name into the box. */
export function startGeneSearch({ genes, show }: GeneSearch): (gene: number) => void {
  const input = byId<HTMLInputElement>('gene')
  const list = byId<HTMLDataListElement>('genes')
  const byName = new Map(genes.map((name, gene) => [name.toLowerCase(), gene]))
  list.append(...genes.map((name) => new Option(name)))
  input.addEventListener('change', () => {
    const gene = byName.get(input.value.trim().toLowerCase())
    input.setCustomValidity(
      gene === undefined && input.value !== '' ? 'The model has no gene of this name.' : '',
    )
    input.reportValidity()
    if (gene !== undefined) show(gene)
  })
  return (gene) => {
    input.value = genes[gene] ?? ''
  }
}
