import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * The Python of an environment with the packages of a requirements file; made where it is not there yet, which takes minutes.
 *
 * @param {string} requirements path of the file
 * @param {string} folder where the environment is, or is to be; one in the user's cache when empty
 * @returns {string} path of its Python
 */
export function venvPython(requirements, folder) {
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 8)
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const venv = folder === '' ? join(cache, 'scvae', `peers-${key}`) : folder
  const python = join(venv, 'bin', 'python')
  // written last: an installation that was cut off is taken up again
  const complete = join(venv, `scvae-peers-${key}`)
  if (existsSync(complete)) return python
  process.stderr.write(`making ${venv} …\n`)
  mkdirSync(dirname(venv), { recursive: true })
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
  execFileSync(python, pip, { stdio: 'inherit' })
  writeFileSync(complete, '')
  return python
}
