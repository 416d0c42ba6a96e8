/** Paths of the reader are absolute. */
export const resolve = (path: string): string => path

export const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
