/**
 * WGSL for each of `n` numbers, one after the other. Loops that go through memory do some rounds' reads before they use any of
 * them: a small launch waits for memory most of its time, and compilers do not move a read before a write.
 */
export const each = (n: number, what: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => what(i)).join('\n    ')

/**
 * A loop over `i` from `first` to `end`, `step` apart, which reads for some rounds at once and then uses what was read, in order.
 *
 * @param read WGSL by a place that is inside (past the end, the last one's), declaring names that end in `r`
 * @param then WGSL for a place inside
 */
export function loopAtOnce(
  { first, end, step, rounds }: { first: string; end: string; step: number; rounds: number },
  read: (at: string, r: number) => string,
  then: (at: string, r: number) => string,
): string {
  const place = (r: number) => `first + ${r * step}u`
  return /* wgsl */ `
  for (var first = ${first}; first < ${end}; first += ${rounds * step}u) {
    ${each(rounds, (r) => `let at${r} = min(${place(r)}, ${end} - 1u);`)}
    ${each(rounds, (r) => read(`at${r}`, r))}
    ${each(rounds, (r) => `if (${place(r)} < ${end}) { ${then(`at${r}`, r)} }`)}
  }`
}
