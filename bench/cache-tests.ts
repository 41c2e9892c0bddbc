/** `node --conditions=source bench/cache-tests.ts [--save]`: a distribution against what HTTP asks of a cache. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import {
  type Answer,
  type Ask,
  type CacheCase,
  groups,
  type Headers,
  type Last,
} from './cache-cases.ts'
import { freePort, startServer } from './lib/processes.ts'
import { distribute, launchOf, readCredentials, region } from './peers/sekisho.ts'

interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const asked = new Map<string, Asked[]>()
const scripts = new Map<string, CacheCase>()

const origin = createServer((incoming, response) => {
  const id = incoming.url?.slice(1) ?? ''
  const before = asked.get(id) ?? []
  asked.set(id, [...before, { headers: incoming.headers }])
  const { answers = [] } = scripts.get(id) ?? {}
  const at = Math.min(before.length, answers.length - 1)
  incoming.resume()
  say(response, answers[at] ?? {}, String(before.length + 1), incoming.method === 'HEAD')
})

function say(response: ServerResponse, answer: Answer, number: string, isHead: boolean): void {
  const { status = 200, headers = [], body = number } = answer
  const isEmpty = status === 304 || status === 204
  const all = dated(headers)
  const hasLength = all.some((name) => name.toLowerCase() === 'content-length')
  response.sendDate = !all.some((name) => name.toLowerCase() === 'date')
  response.writeHead(
    status,
    isEmpty || hasLength ? all : [...all, 'Content-Length', String(Buffer.byteLength(body))],
  )
  response.end(isEmpty || isHead ? undefined : body)
}

/** `{now+60}` as an HTTP date. */
function dated(headers: Headers): string[] {
  return headers.map((text) =>
    text.replace(/\{now([+-]\d+)\}/, (_, seconds: string) =>
      new Date(Date.now() + Number(seconds) * 1_000).toUTCString(),
    ),
  )
}

type Outcome = 'pass' | 'optional' | 'explained' | 'fail'

interface Result {
  readonly group: string
  readonly tested: CacheCase
  readonly outcome: Outcome
}

async function run(tested: CacheCase, id: string, base: URL): Promise<boolean> {
  scripts.set(id, tested)
  const asks = tested.asks ?? [{}, {}]
  let last: Last | undefined
  for (const [at, each] of asks.entries()) {
    // What goes on behind an answer is given a moment.
    if (at > 0) await sleep((at === 1 ? (tested.wait ?? 0) : 0) * 1_000 + 200)
    const before = asked.get(id)?.length ?? 0
    last = await answerOf(new URL(id, base), each, id)
    if (at < asks.length - 1) continue
    const wasAsked = (asked.get(id)?.length ?? 0) > before
    if (typeof tested.expects === 'function') return tested.expects(last)
    const isValidated =
      last.asked('if-none-match') !== undefined || last.asked('if-modified-since') !== undefined
    return tested.expects === 'reused'
      ? !wasAsked
      : wasAsked && (tested.expects === 'asked' || isValidated)
  }
  return false
}

function answerOf(url: URL, { method = 'GET', headers = [] }: Ask, id: string): Promise<Last> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers: ['Host', url.host, ...dated(headers)] as never },
      (got) => {
        let body = ''
        got.setEncoding('utf8').on('data', (chunk) => (body += chunk))
        got.on('error', reject)
        got.on('end', () => {
          const times = asked.get(id) ?? []
          const one = (value: string | readonly string[] | undefined) =>
            typeof value === 'object' ? value.join(', ') : value
          resolve({
            status: got.statusCode ?? 0,
            header: (name) => one(got.headers[name]),
            body,
            asked: (name) => one(times.at(-1)?.headers[name]),
            timesAsked: times.length,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

async function distributeBy(client: CloudFront, keys: readonly string[]): Promise<string> {
  const { CachePolicy } = await client.createCachePolicy({
    CachePolicyConfig: {
      Name: `by-${keys.length}`,
      MinTTL: 0,
      DefaultTTL: 0,
      MaxTTL: 31_536_000,
      ParametersInCacheKeyAndForwardedToOrigin: {
        EnableAcceptEncodingGzip: false,
        HeadersConfig:
          keys.length > 0
            ? { HeaderBehavior: 'whitelist', Headers: { Quantity: keys.length, Items: [...keys] } }
            : { HeaderBehavior: 'none' },
        CookiesConfig: { CookieBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: 'none' },
      },
    },
  })
  const path = await distribute(client, (origin.address() as AddressInfo).port, {
    CachePolicyId: CachePolicy?.Id,
    AllowedMethods: {
      Quantity: 7,
      Items: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
      CachedMethods: { Quantity: 2, Items: ['GET', 'HEAD'] },
    },
  })
  return `${path}/`
}

function outcomeOf({ cloudfront, isOptional }: CacheCase, isMet: boolean): Outcome {
  if (isMet) return 'pass'
  if (cloudfront !== undefined) return 'explained'
  return isOptional ? 'optional' : 'fail'
}

await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
const port = await freePort()
const data = mkdtempSync(join(tmpdir(), 'sekisho-cache-tests-'))
const server = await startServer(launchOf(port, data))
const endpoint = `http://127.0.0.1:${port}`
const credentials = readCredentials(join(data, 'credentials'))
const client = new CloudFront({ endpoint, region, credentials })
const bases = {
  plain: new URL(await distributeBy(client, []), endpoint),
  keyed: new URL(await distributeBy(client, ['X-Key']), endpoint),
}
const results: readonly Result[] = await Promise.all(
  Object.entries(groups).flatMap(([group, cases], row) =>
    cases.map(async (tested, at): Promise<Result> => {
      const base = tested.isKeyed ? bases.keyed : bases.plain
      return { group, tested, outcome: outcomeOf(tested, await run(tested, `${row}-${at}`, base)) }
    }),
  ),
)
await server[Symbol.asyncDispose]()
origin.close()

const count = (outcome: Outcome, group?: string) =>
  results.filter((each) => each.outcome === outcome && (group ?? each.group) === each.group).length
const listed = (outcome: Outcome) => results.filter((each) => each.outcome === outcome)
const reasons = Map.groupBy(listed('explained'), ({ tested }) => tested.cloudfront ?? '')
const text = `# A distribution against what HTTP asks of a cache

Written by \`node --conditions=source bench/cache-tests.ts --save\`. The public suite for HTTP caches
([http-tests/cache-tests](https://github.com/http-tests/cache-tests)) is not on npm; the behaviours that it looks at are
expressed in \`bench/cache-cases.ts\`, in our own words, for a shared cache. The distribution has a cache policy of
minimum TTL 0, default TTL 0 and maximum TTL one year: the origin alone says what is kept.

${results.length} cases: ${count('pass')} as HTTP has it, ${count('optional')} without something that a cache may do, ${count('explained')} as
CloudFront documents it instead, ${count('fail')} wrong.

| | cases | as HTTP has it | optional, not done | as CloudFront documents | wrong |
| --- | --- | --- | --- | --- | --- |
${Object.keys(groups)
  .map(
    (group) =>
      `| ${group} | ${groups[group]!.length} | ${count('pass', group)} | ${count('optional', group)} | ${count('explained', group)} | ${count('fail', group)} |`,
  )
  .join('\n')}

## As CloudFront documents it

${[...reasons].map(([reason, cases]) => `- ${reason}:\n${cases.map(({ tested }) => `  - ${tested.name}`).join('\n')}`).join('\n')}
${['optional', 'fail'].map((outcome) => sectionOf(outcome as Outcome)).join('')}`

function sectionOf(outcome: Outcome): string {
  const found = listed(outcome)
  if (found.length === 0) return ''
  const title = outcome === 'fail' ? 'Wrong' : 'Optional, not done'
  return `\n## ${title}\n\n${found.map(({ group, tested }) => `- ${group}: ${tested.name}`).join('\n')}\n`
}

console.log(text)
if (process.argv.includes('--save'))
  writeFileSync(join(import.meta.dirname, 'CACHE-TESTS.md'), text)
process.exitCode = count('fail') > 0 ? 1 : 0
