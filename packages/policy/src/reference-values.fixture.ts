/** How the naive reference reads numbers, dates and addresses: undefined where the text is none. */

/** Whole or decimal. */
export function number(text: string): number | undefined {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** Since 1970. */
export function seconds(text: string): number | undefined {
  if (/^\d{5,}$/.test(text)) return Number(text)
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined
  const day = text.slice(0, 10)
  // Date.parse takes 31 February for 2 March.
  if (!new Date(day).toISOString().startsWith(day)) return undefined
  return Date.parse(text) / 1000
}

/** 32 or 128 characters of 0 and 1; an IPv4-mapped IPv6 address gives 32. */
export function bits(text: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const octets = text.split('.').map(Number)
    if (octets.some((each) => each > 255)) return undefined
    return octets.map((each) => each.toString(2).padStart(8, '0')).join('')
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)
  if (mapped) return bits(mapped[1]!)
  if (!/^[0-9a-f:]+$/i.test(text) || !text.includes(':')) return undefined
  const [left, right] = text.split('::') as [string, string | undefined]
  const groups = (half: string) => (half === '' ? [] : half.split(':'))
  const missing = 8 - groups(left).length - groups(right ?? '').length
  const full =
    right === undefined
      ? groups(left)
      : [...groups(left), ...Array<string>(missing).fill('0'), ...groups(right)]
  return full.map((each) => Number.parseInt(each, 16).toString(2).padStart(16, '0')).join('')
}
