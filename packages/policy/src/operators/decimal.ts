/** Numbers to the last digit: as floating point, different ones would be equal. */

/** `sign × 0.digits × 10^point`; zero has sign 0 and no digits. */
export interface Decimal {
  readonly sign: -1 | 0 | 1
  /** Neither beginning nor ending with a zero. */
  readonly digits: string
  readonly point: number
}

const form = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/
const longest = 400

/** An integer or decimal, whole; no prefix of other text counts. Undefined when it is none, or absurdly long. */
export function readDecimal(text: string): Decimal | undefined {
  const match = text.length > longest ? null : form.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  if (digits === '') return { sign: 0, digits: '', point: 0 }
  const leadingZeros = all.length - digits.length
  return {
    sign: sign === '-' ? -1 : 1,
    digits: digits.replace(/0+$/, ''),
    point: whole.length - leadingZeros + Number(exponent),
  }
}

/** Below, at or above zero as `one` is less than, equal to or greater than `other`. */
export function compareDecimals(one: Decimal, other: Decimal): number {
  if (one.sign !== other.sign) return one.sign - other.sign
  return one.sign < 0 ? compareMagnitudes(other, one) : compareMagnitudes(one, other)
}

/** Without leading zeros the later point is the greater number; at the same point digits compare as text. */
function compareMagnitudes(one: Decimal, other: Decimal): number {
  if (one.point !== other.point) return one.point - other.point
  if (one.digits === other.digits) return 0
  return one.digits < other.digits ? -1 : 1
}
