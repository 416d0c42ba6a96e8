import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../scripts/build-page.mjs', import.meta.url))

/** Bundles the page's scripts, which are part of the build, so that tests see the sources of now. */
export const buildPage = (): void => {
  execFileSync(process.execPath, [SCRIPT])
}
