/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = NaN, high = NaN] = sorted.length % 2 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  return (low + high) / 2
}

/** Median of the ratios of runs that were made side by side: what disturbs both of a pair falls out. */
export function medianRatio(above, below) {
  return median(above.slice(0, below.length).map((value, index) => value / below[index]))
}

export function digits(value, count = 2) {
  return Number(value.toPrecision(count))
}
