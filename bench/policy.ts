/** Decisions of the policy library beside its peers on the same questions, and how the cost grows with the statements. */
import { performance } from 'node:perf_hooks'
import { authorize, compilePolicy } from '@sekisho/policy'

export interface PolicyFigures {
  readonly statements: number
  /** Median of the rounds. */
  readonly nanoseconds: number
  readonly bytesPerDecision: number
  readonly compileMs: number
  /** Nanoseconds; undefined: the peer is not installed. */
  readonly iamSimulate: number | undefined
  readonly cedar: number | undefined
}

const accountId = '111111111111'
const address = '11.22.33.44'
const sizes = [2, 10, 100, 1_000] as const

interface Example {
  readonly action: string
  /** What the resources of the pair begin with. */
  readonly pathOf: (pair: number) => string
}

const firstExample: Example = {
  action: 'execute-api:Invoke',
  pathOf: () => `arn:aws:execute-api:us-east-1:${accountId}:abcdefghij/`,
}
/** Short names, so that 1,000 statements fit into the widest document that IAM takes. */
const manyPaths: Example = { action: 's3:GetObject', pathOf: (pair) => `arn:aws:s3:::b/${pair}/` }

const exampleOf = (statements: number) => (statements === 2 ? firstExample : manyPaths)

/** Each pair is the first example's: everybody may, but for other addresses; every pair on a path of its own. */
function documentOf(statements: number): string {
  const { action, pathOf } = exampleOf(statements)
  const pairs = Array.from({ length: statements / 2 }, (_, pair) => {
    const common = { Principal: '*', Action: action, Resource: `${pathOf(pair)}*` }
    const NotIpAddress = { 'aws:SourceIp': address }
    return [
      { Effect: 'Allow', ...common },
      { Effect: 'Deny', ...common, Condition: { NotIpAddress } },
    ]
  })
  return JSON.stringify({ Version: '2012-10-17', Statement: pairs.flat() })
}

function questionOf(statements: number) {
  const { action, pathOf } = exampleOf(statements)
  return {
    principal: { type: 'anonymous' } as const,
    action,
    resource: `${pathOf(statements / 2 - 1)}prod/GET/pets`,
    resourceAccountId: accountId,
    context: new Map([['aws:sourceip', address]]),
  }
}

export async function measurePolicy(rounds = 5): Promise<readonly PolicyFigures[]> {
  const [simulate, cedar] = [await loadIamSimulate(), await loadCedar()]
  const figures: PolicyFigures[] = []
  for (const statements of sizes) {
    const text = documentOf(statements)
    const question = questionOf(statements)
    const compiled = compilePolicy(text, { type: 'resource', name: 'bench' })
    const policies = { resource: compiled }
    const decide = () => authorize(question, policies).allowed
    figures.push({
      statements,
      nanoseconds: await perCall(decide, rounds),
      bytesPerDecision: bytesPerCall(decide),
      compileMs: (await perCall(() => compileAndAsk(text, question), rounds)) / 1e6,
      iamSimulate: simulate && (await perCall(simulate(text, question), rounds)),
      cedar: cedar && (await perCall(cedar(statements), rounds)),
    })
  }
  return figures
}

function compileAndAsk(text: string, question: Parameters<typeof authorize>[0]): boolean {
  const resource = compilePolicy(text, { type: 'resource', name: 'bench' })
  return authorize(question, { resource }).allowed
}

/** Nanoseconds a call; every call must allow, so that no side is quick by being wrong. */
async function perCall(call: () => boolean | Promise<boolean>, rounds: number): Promise<number> {
  const isAsync = call() instanceof Promise
  const run = async (calls: number) => {
    const start = performance.now()
    for (let made = 0; made < calls; made++)
      if (!(isAsync ? await call() : call())) throw new Error('a side refused what is allowed')
    return ((performance.now() - start) * 1e6) / calls
  }
  const first = Math.min(await run(3), await run(3))
  const calls = Math.max(3, Math.min(1_000_000, Math.round(2e8 / first)))
  await run(calls)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await run(calls))
  return times.sort((one, other) => one - other)[rounds >> 1]!
}

function bytesPerCall(call: () => boolean): number {
  const calls = 200_000
  const before = process.memoryUsage().heapUsed
  for (let made = 0; made < calls; made++) call()
  return Math.max(0, process.memoryUsage().heapUsed - before) / calls
}

// biome-ignore lint/suspicious/noExplicitAny: the peers are not installed where types are checked
type Peer = any

/** AGPL: used here to compare, never shipped. It has no form to prepare a policy in. */
async function loadIamSimulate() {
  const peer = await load('@cloud-copilot/iam-simulate')
  if (peer === undefined) return undefined
  return (text: string, { action, resource }: ReturnType<typeof questionOf>) => {
    const simulation = {
      request: {
        principal: peer.anonymousPrincipal,
        action,
        resource: { resource, accountId },
        contextVariables: { 'aws:SourceIp': address },
      },
      identityPolicies: [],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: JSON.parse(text),
    }
    return async () => (await peer.runSimulation(simulation, {})).overallResult === 'Allowed'
  }
}

/** The same questions in Cedar's language, the policies parsed beforehand. */
async function loadCedar() {
  const peer = await load('@cedar-policy/cedar-wasm/nodejs')
  if (peer === undefined) return undefined
  return (statements: number) => {
    const policies = Array.from({ length: statements / 2 }, (_, pair) => {
      const scope = `(principal, action == Action::"Invoke", resource in Path::"${pair}")`
      return `permit${scope};\nforbid${scope} unless { context.ip.isInRange(ip("${address}/32")) };`
    })
    const id = `bench-${statements}`
    const parsed = peer.preparsePolicySet(id, { staticPolicies: policies.join('\n') })
    if (parsed.type !== 'success') throw new Error('Cedar refuses the policies')
    const last = { type: 'Path', id: String(statements / 2 - 1) }
    const call = {
      principal: { type: 'User', id: 'anonymous' },
      action: { type: 'Action', id: 'Invoke' },
      resource: last,
      context: { ip: { __extn: { fn: 'ip', arg: address } } },
      preparsedPolicySetId: id,
      entities: [],
    }
    return () => peer.statefulIsAuthorized(call).response?.decision === 'allow'
  }
}

async function load(name: string): Promise<Peer> {
  try {
    return await import(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

if (import.meta.main) {
  const figures = await measurePolicy()
  const us = (nanoseconds: number | undefined) =>
    nanoseconds === undefined ? 'not installed' : `${(nanoseconds / 1000).toFixed(1)} µs`
  console.log('| statements | decision | bytes | compile | iam-simulate | cedar-wasm |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const each of figures) {
    const { statements, nanoseconds, bytesPerDecision, compileMs, iamSimulate, cedar } = each
    const own = `${nanoseconds.toFixed(0)} ns | ${bytesPerDecision.toFixed(2)}`
    const compile = `${compileMs.toFixed(2)} ms`
    console.log(`| ${statements} | ${own} | ${compile} | ${us(iamSimulate)} | ${us(cedar)} |`)
  }
  const growth = figures.at(-1)!.nanoseconds / figures[1]!.nanoseconds
  console.log(`t(1000)/t(10) = ${growth.toFixed(2)}`)
}
