/** Which texts have the form that `format` names? One row a format; others are not looked at, as the standard has it. */
import { isIPv4, isIPv6 } from 'node:net'

export interface Format {
  readonly isRight: (text: string) => boolean
  readonly fault: (text: string) => string
}

const dateTime = /^\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,12})?(?:Z|[+-]\d\d:?\d\d)$/
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** @see JSON Schema Validation draft 4, section 7.3 */
export const formats: Readonly<Record<string, Format>> = {
  'date-time': {
    isRight(text) {
      const [, month, day, hour, minute, second] = dateTime.exec(text) ?? []
      const isInRange = (part: string | undefined, least: number, most: number) =>
        Number(part) >= least && Number(part) <= most
      return (
        isInRange(month, 1, 12) &&
        isInRange(day, 1, 31) &&
        isInRange(hour, 0, 23) &&
        isInRange(minute, 0, 59) &&
        isInRange(second, 0, 60)
      )
    },
    fault: (text) =>
      `string "${text}" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]`,
  },
  email: {
    isRight(text) {
      const at = text.lastIndexOf('@')
      return at > 0 && at < text.length - 1 && !/[\s<>()[\],;:\\"]/.test(text)
    },
    fault: (text) => `string "${text}" is not a valid email address`,
  },
  hostname: {
    isRight: (text) => text.length <= 253 && text.split('.').every((part) => label.test(part)),
    fault: (text) => `string "${text}" is not a valid hostname`,
  },
  ipv4: {
    isRight: isIPv4,
    fault: (text) => `string "${text}" is not a valid IPv4 address`,
  },
  ipv6: {
    isRight: isIPv6,
    fault: (text) => `string "${text}" is not a valid IPv6 address`,
  },
  uri: {
    isRight: (text) => !/[\s<>"{}|\\^`]/.test(text),
    fault: (text) => `string "${text}" is not a valid URI`,
  },
}
