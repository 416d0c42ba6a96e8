/** 12345 → `12,345`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** A number in four significant digits, in scientific form where it would be long. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : String(value)
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2)
  return Number(value.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 7 })
}

/** A share in two significant digits: `12 %`, `100 %`, `0.034 %`. */
export function formatPercent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`
}

/** A p-value: two significant digits, never rounded to 0. */
export function formatP(p: number): string {
  if (Number.isNaN(p)) return '–'
  if (p === 0) return '< 1e-300'
  return p < 0.001 ? p.toExponential(1) : p.toPrecision(2)
}

/** `0.42 s`, `12 s`, `3 min 20 s`, `1 h 4 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toPrecision(2)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** A count of things: `1 cell`, `2 cells`. */
export function formatPlural(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

/** A name of which no more is shown than a line has room for. */
export function shortened(name: string, most = 28): string {
  const characters = Array.from(name)
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : name
}
