import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

// the long run is `node test/anndata/fuzz.mjs --files 5000`
test('spoilt files read or are refused', { timeout: 120_000 }, () => {
  const args = ['test/anndata/fuzz.mjs', '--files', '200', '--seed', '100000', '--processes', '1']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^\d+ read, \d+ refused, 0 anything else\n$/)
  expect(status).toBe(0)
})
