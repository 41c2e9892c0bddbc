/** `sekisho account`: which accounts are there, and with which root keys? */
import { dataFolder } from '../data-folder.ts'
import type { Environment } from '../environment.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { askOperator, type OperatorCall } from '../operator.ts'
import { defineVerb, shared } from '../verb.ts'

interface Account {
  readonly accountId: string
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

interface Deed {
  readonly takesName: boolean
  readonly call: (name: string) => OperatorCall
}

const deeds = {
  create: {
    takesName: true,
    call: (name) => ({ method: 'POST', path: 'accounts', body: { name } }),
  },
  list: { takesName: false, call: () => ({ method: 'GET', path: 'accounts' }) },
  'rotate-key': {
    takesName: true,
    call: (name) => ({ method: 'POST', path: `accounts/${encodeURIComponent(name)}/rotate-key` }),
  },
} as const satisfies Record<string, Deed>

export const account = defineVerb({
  summary: 'create and list accounts, and renew their root keys',
  usage: 'create NAME | list | rotate-key NAME',
  help: `Each account has a root key; it lies in the data folder's \`credentials\` as a profile of the account's name.
With \`rotate-key\` the old key ends at once.`,
  options: shared,
  async run(given, [word = '', name = '', ...rest], environment) {
    const deed: Deed | undefined = Object.hasOwn(deeds, word)
      ? deeds[word as keyof typeof deeds]
      : undefined
    if (deed === undefined || rest.length > 0 || deed.takesName !== (name !== ''))
      throw usageError('say `account create NAME`, `account list` or `account rotate-key NAME`')
    const folder = dataFolder(given.data, environment)
    const answer = await askOperator<Account | readonly Account[]>(folder, deed.call(name))
    if (given.json) environment.print(JSON.stringify(answer))
    else show(answer, environment)
    return exitCodes.done
  },
})

/** Secrets are shown only with `--json`: the data folder keeps them. */
function show(answer: Account | readonly Account[], { print }: Environment): void {
  for (const each of Array.isArray(answer) ? (answer as readonly Account[]) : [answer as Account])
    print(`${each.accountId}  ${each.accessKeyId}  ${each.name}`)
}
