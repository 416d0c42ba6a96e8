/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959964

/** Wilson's 95 % interval of a share, of which `hits` of `n` were seen (Wilson, JASA 1927). */
export function binomialInterval(hits, n) {
  const share = hits / n
  const center = share + Z ** 2 / (2 * n)
  const off = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))
  const end = (value) => Math.min(1, Math.max(0, value / (1 + Z ** 2 / n)))
  return [end(center - off), end(center + off)]
}
