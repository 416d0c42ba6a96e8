import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shellWord } from '../../src/anndata/shell-word.js'
import { checkOutputs, nameOutputs, Staging } from '../../src/cli/outputs.js'
import { textTable } from '../../src/cli/text.js'
import { namesIn, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const OPTIONS = { csv: false, overwrite: false, resume: false }
writeFileSync(at('input.h5ad'), 'input')

describe('nameOutputs and checkOutputs', () => {
  it('names everything from the prefix, and takes .h5ad off it', () => {
    const outputs = nameOutputs(at('input.h5ad'), { ...OPTIONS, output: at('out.h5ad') })
    expect(outputs).toEqual({
      prefix: at('out'),
      h5ad: at('out.h5ad'),
      model: at('out.model'),
      latent: at('out_latent.arrow'),
      metrics: at('out_metrics.json'),
      report: at('out_report.html'),
      run: at('out_run.yaml'),
      log: at('out.log'),
      checkpoint: at('out.checkpoint'),
    })
  })

  it("takes the input's name in the working folder by default", () => {
    expect(nameOutputs(at('input.h5ad'), OPTIONS).prefix).toBe('input')
  })

  it('sees through a link that the output would be the input', () => {
    symlinkSync(at('input.h5ad'), at('link.h5ad'))
    const outputs = nameOutputs(at('input.h5ad'), { ...OPTIONS, output: at('link') })
    expect(() => checkOutputs(outputs, at('input.h5ad'), { ...OPTIONS, overwrite: true })).toThrow(
      /is the input file/,
    )
  })

  it('refuses a prefix that names no file', () => {
    expect(() => nameOutputs(at('input.h5ad'), { ...OPTIONS, output: `${folder}/` })).toThrow(/names no file/)
  })

  it('leaves nothing behind by looking', () => {
    expect(namesIn(folder)).toEqual(['input.h5ad', 'link.h5ad'])
  })
})

describe('Staging', () => {
  const outputs = nameOutputs(at('input.h5ad'), { ...OPTIONS, output: at('staged'), overwrite: true })

  it('shows nothing until it publishes, then all at once, over what was there', () => {
    mkdirSync(outputs.model)
    writeFileSync(join(outputs.model, 'old'), 'old')
    writeFileSync(outputs.report, 'old')
    mkdirSync(outputs.checkpoint)
    const staging = new Staging(outputs)
    writeFileSync(staging.path(outputs.report), 'new')
    mkdirSync(staging.path(outputs.model))
    writeFileSync(join(staging.path(outputs.model), 'weights'), 'new')
    expect(readFileSync(outputs.report, 'utf8')).toBe('old')
    staging.publish()
    expect(readFileSync(outputs.report, 'utf8')).toBe('new')
    expect(namesIn(outputs.model)).toEqual(['weights'])
    expect(existsSync(outputs.checkpoint)).toBe(false)
    expect(namesIn(folder)).toEqual(['input.h5ad', 'link.h5ad', 'staged.model', 'staged_report.html'])
  })

  it('leaves what was there when it is discarded', () => {
    const staging = new Staging(outputs)
    writeFileSync(staging.path(outputs.report), 'newer')
    staging.discard()
    expect(readFileSync(outputs.report, 'utf8')).toBe('new')
    expect(namesIn(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

describe('text', () => {
  it('aligns words to the left and numbers to the right', () => {
    const rows = [
      ['name', 'n'],
      ['a', '12'],
      ['bcdef', '3'],
    ]
    expect(textTable(rows, [1])).toBe('name    n\na      12\nbcdef   3')
  })

  it('quotes a word as a shell needs it', () => {
    expect(['a.h5ad', 'a b', "it's"].map(shellWord)).toEqual(['a.h5ad', "'a b'", "'it'\\''s'"])
  })
})
