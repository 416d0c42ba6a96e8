import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../src/anndata/read.js'
import { readCounts } from '../src/anndata/read-any.js'

/** Whether R has what the script needs for all of its parts but Seurat's and SingleCellExperiment's. */
const hasR = spawnSync('Rscript', ['-e', 'library(Matrix); loadNamespace("rhdf5")']).status === 0

describe.skipIf(!hasR)('examples/from-r.R', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-r-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => join(folder, 'out', name)

  it('takes counts of R to scvae and its results back', { timeout: 600_000 }, async () => {
    const main = resolve('dist/src/cli/main.js')
    const words = [resolve('examples/from-r.R'), join(folder, 'out'), `${process.execPath} ${main}`]
    const { stdout } = await promisify(execFile)('Rscript', words)
    expect(stdout).toContain('back in R: 200 cells x 10 dimensions')
    const cells = await readAnnData(at('cells.h5ad'))
    expect([cells.nCells, cells.nGenes]).toEqual([200, 80])
    expect(cells.obsNames.slice(0, 2)).toEqual(['cell1', 'cell2'])
    expect(Array.from(cells.obs.getChild('donor')!, String).slice(99, 101)).toEqual(['d1', 'd2'])
    // the same counts both ways
    const tenx = await readCounts(at('tenx'))
    expect([tenx.obsNames, tenx.varNames]).toEqual([cells.obsNames, cells.varNames])
    const rows = ({ counts }: typeof cells) =>
      Array.from({ length: 200 }, (_, cell) => [...counts.row(cell).genes, ...counts.row(cell).counts].join())
    expect(rows(tenx)).toEqual(rows(cells))
    const fitted = await readAnnData(at('fitted.h5ad'))
    expect(fitted.obs.getChild('type')).not.toBeNull()
  })
})
