import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { scvae, temporaryFolder } from './scvae.js'

/** Presses Tab in bash as its completion does: fills in what is known of the line, and prints the replies. */
const TAB = `
source ./scvae.bash
COMP_WORDS=("$@")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_scvae
printf '%s\\n' "\${COMPREPLY[@]}"
complete -p scvae
`

describe('completion in bash', () => {
  const folder = temporaryFolder()
  const replies = async (...words: string[]) => {
    const line = ['--norc', '--noprofile', '-c', TAB, 'bash', 'scvae', ...words]
    const { stdout, stderr } = await promisify(execFile)('bash', line, { cwd: folder })
    expect(stderr).toBe('')
    const said = stdout.trimEnd().split('\n')
    expect(said.at(-1)).toBe('complete -o default -F _scvae scvae')
    return said.slice(0, -1).filter((one) => one !== '')
  }

  it('completes commands, options, and the words of options; else names of files', async () => {
    const { code, stdout } = await scvae(['completion', 'bash'])
    expect(code).toBe(0)
    writeFileSync(join(folder, 'scvae.bash'), stdout)
    expect(await replies('f')).toEqual(['fit'])
    expect(await replies('fit', '--n-l')).toEqual(['--n-latent', '--n-layers'])
    expect(await replies('fit', 'a.h5ad', '--likelihood', '')).toEqual(['nb', 'zinb', 'poisson'])
    expect(await replies('fit', '--preset', 's')).toEqual(['scvi-tools'])
    expect(await replies('fit', '--help', 'a')).toEqual(['all'])
    expect(await replies('completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await replies('fit', 'a')).toEqual([])
    expect(await replies('fit', '--layer', 'a')).toEqual([])
    expect(await replies('embed', '--n-l')).toEqual([])
  })
})
