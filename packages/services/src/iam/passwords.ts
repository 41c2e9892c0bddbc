/** Passwords of users: what they must be like, and how they are kept. */
import { scryptSync, timingSafeEqual } from 'node:crypto'
import type { IdSource } from '../service.ts'
import type { PasswordPolicy } from './records.ts'

/** Memory-hard: 16 MiB and some 30 ms a guess. */
const cost = { N: 16_384, r: 8, p: 1 } as const
const hashBytes = 32

export function hashPassword(password: string, ids: IdSource): string {
  const salt = ids.text('0123456789abcdef', 32)
  const hash = scryptSync(password, salt, hashBytes, cost).toString('base64')
  return `scrypt$${cost.N}$${cost.r}$${cost.p}$${salt}$${hash}`
}

export function isPassword(given: string, kept: string): boolean {
  const [, N, r, p, salt = '', hash = ''] = kept.split('$')
  const options = { N: Number(N), r: Number(r), p: Number(p) }
  return timingSafeEqual(scryptSync(given, salt, hashBytes, options), Buffer.from(hash, 'base64'))
}

const symbols = /[!@#$%^&*()_+\-=[\]{}|']/
const kinds = [/[A-Z]/, /[a-z]/, /\d/, symbols] as const

/**
 * @returns what the password lacks, in AWS's words; undefined: nothing
 * @see IAM User Guide, "Set an account password policy for IAM users"
 */
export function whatLacks(
  password: string,
  policy: PasswordPolicy | undefined,
): string | undefined {
  const least = policy?.minimumLength ?? 8
  if (password.length < least) return `Password should have a minimum length of ${least}`
  if (password.length > 128) return 'Password should have a maximum length of 128'
  if (policy === undefined)
    return kinds.filter((kind) => kind.test(password)).length >= 3
      ? undefined
      : 'Password should have at least three of the following character types: uppercase, lowercase, numbers, symbols'
  if (policy.requireUppercase && !/[A-Z]/.test(password))
    return 'Password should have at least one uppercase letter'
  if (policy.requireLowercase && !/[a-z]/.test(password))
    return 'Password should have at least one lowercase letter'
  if (policy.requireNumbers && !/\d/.test(password))
    return 'Password should have at least one number'
  return policy.requireSymbols && !symbols.test(password)
    ? 'Password should have at least one symbol'
    : undefined
}
