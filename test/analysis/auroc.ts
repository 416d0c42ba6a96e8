/** Probability that a positive scores above a negative; ties count half. */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let rankSum = 0
  let positives = 0
  for (let i = 0; i < order.length; ) {
    let end = i
    while (end < order.length && scores[order[end]!] === scores[order[i]!]) end++
    const rank = (i + end + 1) / 2
    for (let k = i; k < end; k++) {
      if (!positive[order[k]!]) continue
      rankSum += rank
      positives++
    }
    i = end
  }
  const negatives = order.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}
