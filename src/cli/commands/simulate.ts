import { existsSync } from 'node:fs'
import type { SimulatedCells } from '../../analysis/simulate/simulate.js'
import type { CategoryColumn, Column } from '../../anndata/frame/column.js'
import { ScvaeError } from '../../errors.js'
import { formatCount } from '../../report/format.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { Log } from '../log.js'
import { printJson } from '../print-json.js'

const number = (describe: string, value?: number) =>
  ({
    type: 'number',
    requiresArg: true,
    describe,
    group: 'Simulation:',
    ...(value !== undefined && { default: value }),
  }) as const

/** `scvae simulate FILE`: counts with a known truth. */
export const simulate: Command = {
  usage: 'simulate <file>',
  describe: 'Write simulated counts with their truth in obs',
  positionals: { file: 'The .h5ad file to write' },
  options: {
    cells: number('Cells', 2000),
    genes: number('Genes', 2000),
    types: number('Cell types', 6),
    batches: number('Batches', 2),
    latent: number('Dimensions of the latent that counts are made from', 8),
    outliers: number('Share of cells planted as outliers', 0),
    doublets: number('Share of cells planted as doublets', 0),
    density: number('Expected share of nonzero counts (default: 0.1)'),
    'library-size': number('Mean total count of a cell, instead of --density'),
    seed: number('Seed', 0),
    overwrite: { type: 'boolean', describe: 'Replace the file if it exists', group: 'Output:' },
    json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' },
  },
  examples: [['$0 simulate sim.h5ad --cells 5000 --outliers 0.02', '5,000 cells, 100 of them odd']],
  async run(args: Arguments): Promise<void> {
    const file = args.positional('file')
    const log = new Log(verbosityOf(args))
    if (!args.flag('overwrite') && existsSync(file)) {
      throw new ScvaeError('usage', `"${file}" exists already.`, { hint: 'Use --overwrite to replace it.' })
    }
    const density = args.number('density')
    const meanLibrarySize = args.number('library-size')
    const { simulateCells } = await import('../../analysis/simulate/simulate.js')
    const { writeAnnData } = await import('../../anndata/write/anndata.js')
    const cells = simulateCells({
      nCells: args.whole('cells', 1)!,
      nGenes: args.whole('genes', 1)!,
      nTypes: args.whole('types', 1)!,
      nBatches: args.whole('batches', 1)!,
      nLatent: args.whole('latent', 1)!,
      outlierFraction: args.number('outliers')!,
      doubletFraction: args.number('doublets')!,
      seed: args.whole('seed', 0)!,
      ...(density !== undefined && { density }),
      ...(meanLibrarySize !== undefined && { meanLibrarySize }),
    })
    const { counts, obsNames, varNames, latent, dispersion } = cells
    await writeAnnData(
      file,
      {
        counts,
        obs: obsColumns(cells),
        obsNames,
        var: { dispersion: { kind: 'float', values: dispersion } },
        varNames,
        obsm: { X_simulated: latent },
      },
      { overwrite: args.flag('overwrite') },
    )
    const { nCells, nGenes, nonzeros } = counts
    log.info(
      `wrote ${file}: ${formatCount(nCells)} cells × ${formatCount(nGenes)} genes, ${formatCount(nonzeros)} nonzeros`,
    )
    if (args.flag('json')) {
      printJson({ tool: 'scvae', path: file, n_cells: nCells, n_genes: nGenes, nonzeros }, log.verbosity)
    }
  },
}

function obsColumns({ obs }: SimulatedCells): Record<string, Column> {
  return {
    cell_type: categories(obs.cell_type),
    batch: categories(obs.batch),
    is_outlier: truth(obs.is_outlier),
    outlier_kind: categories(obs.outlier_kind),
    is_doublet: truth(obs.is_doublet),
    second_cell_type: categories(obs.second_cell_type),
    library_size: { kind: 'float', values: obs.library_size },
  }
}

/** A flag as anndata's users write it. */
function truth(flags: Uint8Array): CategoryColumn {
  return { kind: 'category', categories: ['False', 'True'], codes: flags }
}

function categories(values: readonly (string | null)[]): CategoryColumn {
  const names = [...new Set(values)].filter((value) => value !== null).sort()
  const codes = new Map(names.map((name, code) => [name, code]))
  return {
    kind: 'category',
    categories: names,
    codes: values.map((value) => (value === null ? -1 : codes.get(value)!)),
  }
}
