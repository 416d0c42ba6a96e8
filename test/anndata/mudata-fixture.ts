import { vectorFromArray } from 'apache-arrow'
import type { AnnDataElements, Element, FrameElement } from '../../src/anndata/elements.js'
import { arrowTable } from '../../src/anndata/frame/arrow-table.js'
import { writeMuData } from '../../src/anndata/mudata/elements.js'

/** A modality: its cells with one obs column, and counts or other values of as many features as a row has. */
export interface ModalityParts {
  cells: readonly string[]
  rows: readonly (readonly number[])[]
  obs?: Readonly<Record<string, readonly string[]>>
}

const none = () => new Map<string, Element>()

function frame(
  names: readonly string[],
  columns: Readonly<Record<string, readonly string[]>> = {},
): FrameElement {
  const data = Object.entries(columns).map(
    ([name, values]) => [name, vectorFromArray([...values]).data[0]!] as const,
  )
  return { kind: 'frame', names: [...names], table: arrowTable(data, names.length) }
}

function modality(name: string, { cells, rows, obs }: ModalityParts): AnnDataElements {
  const nGenes = rows[0]!.length
  return {
    path: name,
    nCells: cells.length,
    nGenes,
    x: {
      kind: 'array',
      dtype: 'float32',
      shape: [cells.length, nGenes],
      values: Float32Array.from(rows.flat()),
    },
    obs: frame(cells, obs),
    var: frame(Array.from({ length: nGenes }, (_, i) => `${name}${i}`)),
    ...{ layers: none(), obsm: none(), varm: none(), obsp: none(), varp: none() },
    uns: { kind: 'dict', entries: none() },
    warnings: [],
  }
}

/**
 * Writes a MuData file.
 *
 * @param obs columns of the whole file, whose cells are those of all modalities in order of appearance
 * @param maps whether the file says which cell of a modality a row of the whole file is
 */
export async function writeMuDataFixture(
  path: string,
  modalities: Readonly<Record<string, ModalityParts>>,
  obs: Readonly<Record<string, readonly string[]>> = {},
  maps = true,
): Promise<string> {
  const cells = [...new Set(Object.values(modalities).flatMap((parts) => parts.cells))]
  const places = Object.entries(modalities).map(([name, parts]): [string, Element] => [
    name,
    {
      kind: 'array',
      dtype: 'uint32',
      shape: [cells.length],
      values: Uint32Array.from(cells, (cell) => parts.cells.indexOf(cell) + 1),
    },
  ])
  const elements = Object.entries(modalities).map(([name, parts]) => [name, modality(name, parts)] as const)
  await writeMuData(path, {
    axis: 0,
    shared: new Map<string, Element>([
      ['obs', frame(cells, obs)],
      [
        'var',
        frame(
          elements.flatMap(
            ([
              ,
              {
                var: { names },
              },
            ]) => names,
          ),
        ),
      ],
      ['obsmap', { kind: 'dict', entries: new Map(maps ? places : []) }],
    ]),
    modalities: new Map(elements),
    warnings: [],
  })
  return path
}
