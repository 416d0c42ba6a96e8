import type { EmbeddedFile } from '../../src/report/page/embed-file.js'
import { button, byId, count, csvText, saveText } from '../dom.js'

export interface DropTarget {
  genes: number
  /** Reads a file and encodes its cells; the error is a sentence for the reader. */
  embed(file: File, onShare: (share: number) => void): Promise<EmbeddedFile>
  /** Puts cells on the map; none take them away. */
  show(latent: Float32Array | undefined): Promise<void>
}

/** Takes an .h5ad that is dropped on the page or chosen, and shows its cells on the map. */
export function startDrop({ genes, embed, show }: DropTarget): void {
  const input = byId<HTMLInputElement>('other-file')
  const status = byId('other-status')
  const result = byId('other-result')
  let asked = 0

  const say = (text: string, isTrouble = false) => {
    status.textContent = text
    status.classList.toggle('trouble', isTrouble)
  }

  const take = async (file: File) => {
    const own = ++asked
    const isOld = () => own !== asked
    result.replaceChildren()
    say(`Reading ${file.name} …`)
    try {
      await show(undefined)
      const embedded = await embed(file, (share) => {
        if (!isOld()) say(`${file.name}: ${Math.floor(100 * share)} % encoded`)
      })
      if (isOld()) return
      say(`${file.name}: its cells are being placed …`)
      await show(embedded.latent)
      if (isOld()) return
      say(sentence(file.name, embedded, genes))
      result.replaceChildren(
        button('Posterior means (CSV)', () => save(file.name, embedded)),
        button('Take them off the map', () => {
          result.replaceChildren()
          say('')
          void show(undefined)
        }),
      )
    } catch (error) {
      if (!isOld()) say((error as Error).message, true)
    }
  }

  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    // the same file can be chosen again
    input.value = ''
    if (file) void take(file)
  })
  listenToDrops((file) => void take(file))
}

function listenToDrops(take: (file: File) => void): void {
  const holdsFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true
  const mark = (isOver: boolean) => document.body.classList.toggle('dropping', isOver)
  document.addEventListener('dragover', (event) => {
    if (!holdsFile(event)) return
    event.preventDefault()
    mark(true)
  })
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) mark(false)
  })
  document.addEventListener('drop', (event) => {
    mark(false)
    if (!holdsFile(event)) return
    // without it the browser leaves the page for the file
    event.preventDefault()
    const [file] = event.dataTransfer?.files ?? []
    if (file) take(file)
  })
}

function sentence(
  name: string,
  { names, empty, found, by, countsSource }: EmbeddedFile,
  genes: number,
): string {
  const without = empty > 0 ? `; ${count(empty)} without a count have no place` : ''
  const few = found < genes ? ' What the file lacks is taken as absent.' : ''
  return (
    `${name}: ${count(names.length)} cells, squares on the map${without}. ` +
    `${count(found)} of ${count(genes)} genes found by ${by}, counts from ${countsSource}.${few}`
  )
}

function save(file: string, { names, latent, dimensions }: EmbeddedFile): void {
  const head = ['cell', ...Array.from({ length: dimensions }, (_, f) => `z${f + 1}`)].join(',')
  const rows = names.map((name, cell) => {
    const values = latent.subarray(cell * dimensions, (cell + 1) * dimensions)
    return [csvText(name), ...Array.from(values, (value) => (Number.isNaN(value) ? '' : String(value)))].join(
      ',',
    )
  })
  saveText(`${file.replace(/\.[^.]*$/, '')}-latent.csv`, 'text/csv', `${[head, ...rows].join('\n')}\n`)
}
