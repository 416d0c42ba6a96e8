/** How this program was called, so that a printed command works where it is pasted: `npx scvae` in a clone, else `scvae`. */
export function programName(): string {
  return process.env.npm_command === 'exec' ? 'npx scvae' : 'scvae'
}
