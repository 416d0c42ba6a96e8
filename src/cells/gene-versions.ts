/** A stable id of Ensembl with its version, and what GENCODE puts behind that of a gene on both sex chromosomes. */
const ENSEMBL = /^(ENS[A-Z]*\d{6,})\.\d+(_PAR_Y)?$/

const SUFFIX = /^(.+)\.\d+$/

/** An Ensembl id without its version; any other label as it is. */
export const withoutEnsemblVersion = (label: string): string => label.replace(ENSEMBL, '$1$2')

/**
 * Takes version suffixes off labels where they are versions: off every Ensembl id, and off labels of other kinds where at
 * least half of them have one. A symbol such as AC012345.1 among ordinary ones keeps its end.
 */
export function versionless(labels: readonly (string | null)[]): (label: string) => string {
  const withSuffix = labels.filter((label) => label !== null && SUFFIX.test(label)).length
  if (withSuffix * 2 < labels.length || withSuffix === 0) return withoutEnsemblVersion
  return (label) => {
    const ensembl = withoutEnsemblVersion(label)
    return ensembl === label ? label.replace(SUFFIX, '$1') : ensembl
  }
}
