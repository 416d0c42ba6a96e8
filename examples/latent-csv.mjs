/**
 * A table of cells and their latents.
 *
 * @param {readonly string[]} cells
 * @param {import('scvae').Matrix} latent
 */
export function latentCsv(cells, { values, columns }) {
  const header = ['cell', ...Array.from({ length: columns }, (_, i) => `z${i + 1}`)]
  const rows = cells.map((cell, i) => [cell, ...values.subarray(i * columns, (i + 1) * columns)])
  return [header, ...rows].map((row) => `${row.join(',')}\n`).join('')
}
