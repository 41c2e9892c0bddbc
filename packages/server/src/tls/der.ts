/** How are values written in DER? The few types that certificates are made of. @see ITU-T X.690 */

function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const digits = bytesOf(length)
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content])
}

/** Big-endian, as few bytes as it takes. */
function bytesOf(value: number): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

export const sequence = (...items: readonly Uint8Array[]) => tagged(0x30, ...items)
export const set = (...items: readonly Uint8Array[]) => tagged(0x31, ...items)
export const octets = (content: Uint8Array) => tagged(0x04, content)
export const text = (value: string) => tagged(0x0c, Buffer.from(value, 'utf8'))
export const truth = () => Buffer.from([0x01, 0x01, 0xff])
export const nothing = () => Buffer.from([0x05, 0x00])

/** @param magnitude  unsigned, big-endian, not empty */
export function integer(magnitude: Uint8Array): Buffer {
  let from = 0
  while (from < magnitude.length - 1 && magnitude[from] === 0) from++
  const digits = magnitude.subarray(from)
  return (digits[0] ?? 0) > 0x7f ? tagged(0x02, Buffer.from([0]), digits) : tagged(0x02, digits)
}

/** @param unusedBits  of the last byte */
export function bits(content: Uint8Array, unusedBits = 0): Buffer {
  return tagged(0x03, Buffer.from([unusedBits]), content)
}

/** @param dotted  `1.2.840.113549` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  const content = [first * 40 + second, ...others].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift(0x80 | (rest & 0x7f))
    return digits
  })
  return tagged(0x06, Buffer.from(content))
}

/** In whole seconds; two digits of the year until 2049. @see RFC 5280, section 4.1.2.5 */
export function time(date: Date): Buffer {
  const digits = `${date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:T]/g, '')}Z`
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits))
}

/** `[number]`, around a whole value. */
export const explicit = (number: number, content: Uint8Array) => tagged(0xa0 | number, content)
/** `[number]`, in the place of a value's own tag. */
export const implicit = (number: number, content: Uint8Array) => tagged(0x80 | number, content)
