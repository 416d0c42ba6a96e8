import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ScvaeError } from '../../errors.js'
import { inputHash } from '../../files/input-hash.js'
import { formatPlural } from '../../report/format.js'
import type { RunClaim } from '../../report/report-data.js'
import { Arguments, type Values } from '../arguments.js'
import { configText } from '../fit/config-file.js'
import { fitSettings } from '../fit/fit-settings.js'
import { inputPaths } from '../fit/run.js'
import { Log, type Verbosity } from '../log.js'
import { comparePages } from './compare-pages.js'
import { readPage } from './read-page.js'

/** What a run of `scvae verify` was asked to do. */
export interface VerifySettings {
  page: string
  /** Where the inputs lie now; empty where the page has it right. */
  inputs: readonly string[]
  verbosity: Verbosity
}

/** Outputs beside the page, which a repetition does not need, and what says where they go. */
const OTHER_OUTPUTS = ['output', 'csv', 'parquet', 'multiqc', 'split-outputs', 'figures']

/**
 * Makes the run of a page again in a folder that goes afterwards, and prints what differs.
 *
 * @throws ScvaeError `bad-input` for a page that no fit made; `failed` where the input is another one, or anything differs
 */
export async function runVerify({ page, inputs, verbosity }: VerifySettings): Promise<void> {
  const log = new Log(verbosity)
  const path = existsSync(page) ? page : `${page}_report.html`
  if (!existsSync(path)) throw new ScvaeError('bad-input', `There is no page "${path}".`)
  const told = readPage(readFileSync(path, 'utf8'))
  const { claim } = told
  if (claim === undefined)
    throw new ScvaeError('bad-input', `"${path}" does not say what run it is of.`, {
      hint: 'Pages of scvae fit do, from version 0.1 on.',
    })
  const settings = settingsOf(claim, inputs)
  await checkInput(claim, settings)
  log.info('the run is made again')
  const again = readPage(await repeated(settings))
  const ours = again.claim!
  const exact = claim.version === ours.version && claim.kernelsId === ours.kernelsId
  log.info(
    exact
      ? 'compared bit for bit: the build is the same'
      : `compared within float32 rounding: the page is of build ${claim.kernelsId} of ${claim.version}, this is ${ours.kernelsId} of ${ours.version}`,
  )
  const differences = comparePages(told, again, exact)
  for (const difference of differences) process.stdout.write(`${difference}\n`)
  if (differences.length > 0)
    throw new ScvaeError(
      'failed',
      `${formatPlural(differences.length, 'thing')} of "${path}" not as the run gives it.`,
    )
  process.stdout.write(`${path}: every number is as the run gives it\n`)
}

function settingsOf(claim: RunClaim, inputs: readonly string[]): Values {
  const kept = Object.entries(claim.settings).filter(([name]) => !OTHER_OUTPUTS.includes(name))
  return { ...Object.fromEntries(kept), 'no-copy': true, ...(inputs.length > 0 && { files: inputs }) }
}

/** @throws ScvaeError `bad-input` for an input that is not there, `failed` for another one than the page is of */
async function checkInput({ sha256 }: RunClaim, values: Values): Promise<void> {
  const settings = fitSettings(new Arguments(values))
  const paths = inputPaths(settings)
  for (const path of paths) {
    if (!existsSync(path))
      throw new ScvaeError('bad-input', `The input "${path}" is not there.`, {
        hint: 'Say where it is with --input.',
      })
  }
  const { features, barcodes } = settings.counts
  const names = { ...(features !== undefined && { features }), ...(barcodes !== undefined && { barcodes }) }
  const found = await inputHash(paths.map((path) => ({ path, ...names })))
  if (found !== sha256)
    throw new ScvaeError(
      'failed',
      `The input ${paths.join(', ')} is not the one of the page: its SHA-256 is ${found}, not ${sha256}.`,
    )
}

/** The page of a run with such settings, by this program. */
async function repeated(settings: Values): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-verify-'))
  try {
    const config = join(folder, 'run.yaml')
    writeFileSync(config, configText(settings))
    const main = fileURLToPath(new URL('../main.js', import.meta.url))
    const words = [main, 'fit', '--config', config, '-o', join(folder, 'run'), '--quiet']
    await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 26 }).catch(
      (error: { stderr?: string }) => {
        const why = error.stderr?.trim().split('\n').at(-1) ?? ''
        throw new ScvaeError('failed', `The run could not be made again: ${why.replace(/^scvae: /, '')}`)
      },
    )
    return readFileSync(join(folder, 'run_report.html'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
