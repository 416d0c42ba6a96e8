export type Rgb = readonly [red: number, green: number, blue: number]

// Okabe and Ito's colours, which stay apart for colour-blind eyes, without black and with a yellow that shows on white.
const OKABE_ITO: readonly Rgb[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [196, 178, 20],
  [140, 109, 90],
]

// Stops of the viridis colour map (Smith and van der Walt), evenly spaced.
const VIRIDIS: readonly Rgb[] = [
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [109, 205, 89],
  [180, 222, 44],
  [253, 231, 37],
]

export const MISSING_COLOR: Rgb = [150, 150, 150]

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const part = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * share)
  return [part(0), part(1), part(2)]
}

const BLACK: Rgb = [0, 0, 0]
const WHITE: Rgb = [255, 255, 255]
/** What the second and the third eight categories' colours are mixed with. */
const KIN: readonly (readonly [Rgb, number])[] = [
  [BLACK, 0.42],
  [WHITE, 0.48],
]
/** The same on a dark background, from which darker ones do not stand out. */
const KIN_IN_DARK: typeof KIN = [
  [WHITE, 0.42],
  [WHITE, 0.72],
]

/** Colour of a category: the eight base colours, then their kin, twice, then from the start. */
export function categoryColor(code: number, dark: boolean): Rgb {
  const base = OKABE_ITO[code % OKABE_ITO.length] ?? MISSING_COLOR
  const kin = (dark ? KIN_IN_DARK : KIN)[(Math.floor(code / OKABE_ITO.length) % 3) - 1]
  return kin ? mix(base, ...kin) : base
}

/** Colour of a value between 0 and 1; high values stand out from the background of the theme. */
export function rampColor(value: number, dark: boolean): Rgb {
  const at = (dark ? value : 1 - value) * (VIRIDIS.length - 1)
  const i = Math.min(Math.floor(at), VIRIDIS.length - 2)
  return mix(VIRIDIS[i] ?? MISSING_COLOR, VIRIDIS[i + 1] ?? MISSING_COLOR, at - i)
}

export function cssColor([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`
}
