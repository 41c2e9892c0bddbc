/** Whose credentials does a command want: an account's root, a role or a user? */
import { type Access, readAccess } from './data-folder.ts'
import { usageError } from './exit-codes.ts'
import { askOperator } from './operator.ts'

/** Options of the verbs that give credentials. */
export const identity = {
  role: { type: 'string', value: 'NAME', help: 'credentials of this role' },
  user: { type: 'string', value: 'NAME', help: 'credentials of this user' },
} as const

/** @throws CliError  there is no such account, role or user; the server is not there */
export async function accessOf(
  folder: string,
  {
    account,
    role,
    user,
  }: {
    readonly account?: string | undefined
    readonly role?: string | undefined
    readonly user?: string | undefined
  },
): Promise<Access> {
  if (role !== undefined && user !== undefined)
    throw usageError('give `--role` or `--user`, not both')
  const access = readAccess(folder, account)
  if (role === undefined && user === undefined) return access
  const issued = await askOperator<
    Pick<Access, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>
  >(folder, { method: 'POST', path: 'credentials', body: { account, role, user } })
  return { ...access, ...issued }
}
