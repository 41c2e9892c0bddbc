/** How long is `1d12h`? */

const unitsMs = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
} as const

/** Whole numbers, each with its unit, the larger unit first. @returns milliseconds; undefined when it is no duration */
export function durationMs(text: string): number | undefined {
  if (
    !/^(?=\d)(\d{1,9}w)?(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m(?!s))?(\d{1,9}s)?(\d{1,12}ms)?$/.test(text)
  )
    return undefined
  let sum = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[wdhms])/g))
    sum += Number(count) * unitsMs[unit as keyof typeof unitsMs]
  return sum
}
