/**
 * The words after a program's name.
 *
 * @param {string[]} names what the words are, in brackets those that may be left out
 */
export function programArguments(...names) {
  const words = process.argv.slice(2)
  const fewest = names.filter((name) => !name.startsWith('[')).length
  if (words.length >= fewest && words.length <= names.length) return words
  process.stderr.write(`usage: node ${process.argv[1]} ${names.join(' ')}\n`)
  process.exit(2)
}
