import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FencedBlock, fencedBlocks, linesNotIn } from './fenced-blocks.js'
import { GuideFolder } from './guide-folder.js'

const PAGES = [
  'README.md',
  'docs/devices.md',
  'docs/from-scvi-tools.md',
  'docs/integration.md',
  'docs/label-transfer.md',
  'docs/library.md',
  'docs/measured.md',
  'docs/reproducibility.md',
  'docs/tour.md',
  'docs/troubleshooting.md',
]

const isProgram = ({ language, mark }: FencedBlock) => language === 'js' && mark === undefined

/** What is wrong with a page's commands, run in its order, and with its program: its blocks of JavaScript, one behind the other. */
async function faultsOf(page: string, folder: GuideFolder): Promise<string[]> {
  const blocks = fencedBlocks(readFileSync(page, 'utf8'))
  const faults: string[] = []
  const judge = (block: FencedBlock, { code, output }: { code: number; output: string }) => {
    const fails = block.mark?.kind === 'fails'
    if ((code !== 0) !== fails)
      faults.push(`${page}:${block.line} ends with ${code}:\n${block.text}\n${output}`)
    const missing = linesNotIn(output, block.prints ?? '')
    if (missing.length > 0)
      faults.push(`${page}:${block.line} does not print ${missing.join('\n')}\nbut ${output}`)
  }
  const lastOfProgram = blocks.findLast(isProgram)
  for (const block of blocks) {
    if (block.language === '') faults.push(`${page}:${block.line} says no language`)
    if (block.mark?.kind === 'not run') continue
    if (block.language === 'sh') judge(block, await folder.shell(block.text))
    if (block === lastOfProgram) {
      const text = blocks.filter(isProgram).map((part) => part.text)
      judge(block, await folder.program(text.join('\n')))
    }
  }
  return faults
}

describe('the commands and programs of the pages', () => {
  const root = mkdtempSync(join(tmpdir(), 'scvae-guides-'))
  let data: GuideFolder
  beforeAll(async () => {
    data = new GuideFolder(join(root, 'data'))
    await data.fill()
  }, 60_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it.concurrent.each(PAGES)('of %s run', { timeout: 600_000 }, async (page) => {
    const folder = data.copy(join(root, basename(page, '.md')))
    expect((await faultsOf(page, folder)).join('\n')).toBe('')
  })
})
