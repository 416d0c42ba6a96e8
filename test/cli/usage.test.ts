import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/cli/command-line.js'
import { FIRST_OPTIONS, FIT_OPTIONS } from '../../src/cli/fit/fit-options.js'
import { ScvaeError } from '../../src/errors.js'
import { namesIn, scvae, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()

describe('scvae', () => {
  it('prints the bare version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    const { code, stdout, stderr } = await scvae(['--version'])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('lists the commands in its help', async () => {
    const { code, stdout } = await scvae(['--help'])
    expect(code).toBe(0)
    for (const name of ['fit', 'inspect', 'devices', 'simulate']) expect(stdout).toContain(`scvae ${name}`)
  })

  it('shows the options and defaults of fit in its help', async () => {
    const { code, stdout } = await scvae(['fit', '--help', 'all'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/--n-latent .*\[default: 10\]/)
    expect(stdout).toMatch(/--likelihood .*\[default: "nb"\]/)
    expect(stdout).toMatch(/--batch-size .*\[string\] \[default: 128\]/s)
    expect(stdout).toMatch(/--umap-backend .*scvae \| umap-js.*\[default: "scvae"\]/s)
    expect(stdout).toMatch(/--decoder .*\[default: "deep"\]/s)
    expect(stdout).toMatch(/--prior-components .*\[default: 50\]/)
    expect(stdout).toMatch(/--kl-cycles .*\[default: 4\]/)
    expect(stdout).toContain('--no-umap')
    expect(stdout).toContain('--no-model-cells')
  })

  it('tells in its help of the options that matter first, and names all others', async () => {
    const { code, stdout } = await scvae(['fit', '--help'])
    expect(code).toBe(0)
    const told = Array.from(stdout.matchAll(/^ +(?:-\w, )?(--[\w-]+) /gm), ([, name]) => name)
    const first = FIRST_OPTIONS.map((name) => `--${name}`)
    expect(first).toHaveLength(10)
    expect(told.slice(0, 10)).toEqual(first)
    const named = stdout.slice(stdout.indexOf('More options, told of by'))
    for (const name of Object.keys(FIT_OPTIONS)) {
      if (!first.includes(`--${name}`)) expect(named).toMatch(new RegExp(`--${name}\\b`))
    }
    expect(stdout.split('\n').length).toBeLessThan(60)
  })

  const mistakes: [words: string, sentence: string][] = [
    ['', 'scvae needs a command. See scvae --help.'],
    ['fit', 'There is no file to read. Give files, or --sheet and a sample sheet.'],
    ['inspect', 'There is no file to read. Give files, or --sheet and a sample sheet.'],
    ['fit a --batchkey x', 'There is no option --batchkey. Did you mean --batch-key?'],
    ['fit a --nLatent 3', 'There is no option --nLatent. Did you mean --n-latent?'],
    ['fit a -z', 'There is no option -z. See scvae fit --help.'],
    ['fit a --batch-key', '--batch-key needs a value. See scvae fit --help.'],
    ['fit a --n-latent ten', '--n-latent needs a number.'],
    ['fit a --n-latent 2.5', '--n-latent must be a whole number of at least 1, not 2.5.'],
    ['fit a --likelihood nbb', '--likelihood must be one of nb, zinb, poisson, not "nbb".'],
    ['fit a --max-epochs some', '--max-epochs must be a number or auto, not "some".'],
    ['fit a --batch-size large', '--batch-size must be a number or auto, not "large".'],
    ['fit a --batch-size 2', 'batchSize must be a whole number of at least 3, not 2.'],
    ['fit a --learning-rate fast', '--learning-rate must be a number or auto, not "fast".'],
    ['fit a --learning-rate -1', 'learningRate must be a positive number or "auto", not -1.'],
    ['fit a --max-epochs 1.5', 'maxEpochs must be a whole number of at least 1, not 1.5.'],
    ['fit a --seed 1 --seed 2', '--seed was given 2 times; it takes one value.'],
    ['fit a --subset batch', '--subset takes COLUMN=VALUE, not "batch".'],
    ['fit a --all-genes --n-top-genes 10', '--all-genes and --n-top-genes exclude each other.'],
    ['fit a --resume --overwrite', '--overwrite and --resume exclude each other.'],
    ['fit a --library size-factor', '--library size-factor needs --size-factor-key.'],
    ['fit a --quiet --verbose', '--quiet and --verbose exclude each other.'],
    ['fit a --gpu-memory 8XB', '--gpu-memory must be a size such as 500MB or 8GB, not "8XB".'],
    ['fit a --gpu-memory 8GB --device cpu', '--gpu-memory and --device cpu exclude each other.'],
    ['fit a --umap-backend python', '--umap-backend must be one of scvae, umap-js, not "python".'],
    ['fit a --umap-backend umap-js --no-umap', '--no-umap and --umap-backend exclude each other.'],
    ['fit a --decoder shallow', '--decoder must be one of deep, linear, not "shallow".'],
    ['fit a --prior flat', '--prior must be one of normal, mixture, vamp, not "flat".'],
    [
      'fit a --prior normal --prior-components 5',
      '--prior-components are those of --prior mixture or --prior vamp.',
    ],
    [
      'fit a --decoder linear --prior-components 5',
      '--prior-components are those of --prior mixture or --prior vamp.',
    ],
    [
      'fit a --free-bits 1 --prior vamp',
      "freeBits are a dimension's, and the vamp prior has no divergence by dimension.",
    ],
    ['fit a --latent-distribution t', '--latent-distribution must be one of normal, ln, not "t".'],
    ['fit a --kl-schedule cosine', '--kl-schedule must be one of linear, cyclical, constant, not "cosine".'],
    ['fit a --kl-cycles 3', '--kl-cycles are those of --kl-schedule cyclical.'],
    [
      'fit a --kl-schedule constant --kl-warmup 9',
      'A constant klSchedule has no warm-up: klWarmup must be left out.',
    ],
    ['fit a --preset atlas', '--preset must be one of scvi-tools, hlca, not "atlas".'],
    ['fit a --keep first', '--keep must be one of best, last, not "first".'],
    ['fit a --config none.yaml', 'The config file "none.yaml" cannot be read.'],
    ['completion tcsh', 'The shell must be one of bash, zsh, fish, not "tcsh".'],
    ['inspect a --jsn', 'There is no option --jsn. Did you mean --json?'],
    ['simulate s.h5ad --density 2', "The simulation's density must be above 0 and below 1, not 2."],
  ]
  it.each(mistakes)('answers "%s" in one sentence, exit 2', async (words, sentence) => {
    const error = await run(words.split(' ').filter(Boolean)).catch((thrown: unknown) => thrown)
    if (!(error instanceof ScvaeError)) throw error
    const { exitCode, message, hint } = error
    expect({ exitCode, sentence: hint ? `${message} ${hint}` : message }).toEqual({ exitCode: 2, sentence })
  })

  it('names all commands, nearest first, where there is none of the name', async () => {
    const error = await run(['ft', 'a.h5ad']).catch((thrown: unknown) => thrown)
    if (!(error instanceof ScvaeError)) throw error
    expect(error.message).toMatch(/^There is no command "ft"/)
    const said = `${error.message} ${error.hint ?? ''}`
    expect(said).toMatch(/The commands, nearest first: fit, /)
    for (const name of ['embed', 'design', 'export-scvi']) expect(said).toContain(name)
  })

  it('prints the sentence, and nothing else', async () => {
    const [words, sentence] = mistakes.at(-1)!
    const { code, stdout, stderr } = await scvae(words.split(' '), folder)
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `scvae: ${sentence}\n` })
    expect(namesIn(folder)).toEqual([])
  })
})
