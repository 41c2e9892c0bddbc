/** What a caller costs: by how many policies it has, among how many others, in how many accounts. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessKeysCollection, accountsCollection, iamCollections } from '@sekisho/services'
import { signRequest } from '@sekisho/sigv4'
import { openStore } from '@sekisho/store'
import type { Side } from './lib/load.ts'
import { freePort, residentMb, type Started, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { median, type RoundOptions, takeTurns } from './lib/rounds.ts'
import { type Credentials, launchOf, readCredentials, region } from './peers/sekisho.ts'

const accounts = 4
const usersPerAccount = 2_500
const policiesEach = 10

/** A call that any of them may make, and that reads one record. */
const path = '/account'

export async function identity({ rounds, seconds }: RoundOptions): Promise<readonly Section[]> {
  const port = await freePort()
  const small = await newData(port)
  const large = await newData(port)
  await populate(large)
  const starts = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round < rounds; round++)
    for (const [name, data] of [
      ['small', small],
      ['large', large],
    ] as const) {
      await using server = await startServer(launchOf(port, data))
      starts[name].push(server.startMs)
    }
  await using server = await startServer(launchOf(port, large))
  const endpoint = { ...server, url: `http://127.0.0.1:${port}` }
  const root = readCredentials(join(large, 'credentials'))
  const sides = await takeTurns(
    [
      side('the root user', endpoint, root),
      side('a user with 1 policy', endpoint, keyOf(0, 0)),
      side(`a user with ${policiesEach} policies`, endpoint, keyOf(0, 1)),
      side('the same in another account', endpoint, keyOf(accounts - 1, usersPerAccount - 1)),
    ],
    { rounds, seconds },
  )
  const [plain, , many] = sides
  const added = many!.cpuMicrosPerRequest - plain!.cpuMicrosPerRequest
  const memoryMb = residentMb(server.pid)
  const total = accounts * usersPerAccount
  return [
    {
      title: 'Callers by their number and policies',
      intro: `Signed calls of one AWS operation on a server with ${figure(total)} users in ${accounts} accounts, ${policiesEach} policies each; ${figure(memoryMb)} MB of memory.`,
      head: ['caller', 'requests/s', 'CPU µs/request', 'p50 ms', 'failed'],
      rows: sides.map((each) => [
        each.name,
        figure(each.requestsPerSecond),
        figure(each.cpuMicrosPerRequest),
        figure(each.p50Ms),
        String(each.failures),
      ]),
      goals: [
        {
          what: `what ${policiesEach} policies add to a call`,
          measured: added,
          must: 20,
          better: 'lower',
          unit: 'µs',
        },
        {
          what: `what ${figure(total)} users add to the start`,
          measured: median(starts.large) - median(starts.small),
          must: 50,
          better: 'lower',
          unit: 'ms',
        },
      ],
    },
  ]
}

async function newData(port: number): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-identity-'))
  await using _server = await startServer(launchOf(port, data))
  return data
}

function keyOf(account: number, user: number): Credentials {
  const number = String(account * usersPerAccount + user).padStart(16, 'A')
  return { accessKeyId: `AKIA${number}`, secretAccessKey: `secret${number}` }
}

/** As the operations would have written it, without asking them ten thousand times. */
async function populate(data: string): Promise<void> {
  await using store = await openStore(`sqlite:${data}`)
  for (let account = 0; account < accounts; account++) {
    const accountId = String(100_000_000_000 + account)
    await store.documents.transact((transaction) => {
      transaction.put(accountsCollection, accountId, {
        accountId,
        name: `account-${account}`,
        rootAccessKeyId: '',
        createdAt: Date.now(),
      })
      for (let user = 0; user < usersPerAccount; user++) {
        const key = keyOf(account, user)
        const name = `user-${user}`
        transaction.put(accessKeysCollection, key.accessKeyId, {
          ...key,
          accountId,
          userName: name,
        })
        transaction.put(iamCollections.users, `${accountId}/${name}`, {
          accountId,
          name,
          id: `AIDA${String(user).padStart(17, 'A')}`,
          path: '/',
          createdAt: 0,
          inline: inlineOf(account === 0 && user === 0 ? 1 : policiesEach, name),
          attached: [],
          tags: [],
          groups: [],
          accessKeyIds: [key.accessKeyId],
        })
      }
    })
  }
}

/** The last one allows; all the others are asked in vain. */
function inlineOf(count: number, name: string): Readonly<Record<string, string>> {
  const policies = Array.from({ length: count }, (_, at) => {
    const statement =
      at === count - 1
        ? { Effect: 'Allow', Action: 'apigateway:GET', Resource: '*' }
        : { Effect: 'Allow', Action: `s3:Get*`, Resource: `arn:aws:s3:::bucket-${at}/${name}/*` }
    return [`p${at}`, JSON.stringify({ Version: '2012-10-17', Statement: [statement] })]
  })
  return Object.fromEntries(policies)
}

function side(name: string, server: Started, credentials: Credentials): Side {
  const { host } = new URL(server.url)
  const added = signRequest(
    { method: 'GET', rawPath: path, rawQuery: '', headers: ['Host', host] },
    credentials,
    { region, service: 'apigateway', now: new Date() },
  )
  const headers = Object.fromEntries(
    added.flatMap((each, at) => (at % 2 === 0 ? [[each, added[at + 1]!] as const] : [])),
  )
  return { name, server, path, headers }
}
