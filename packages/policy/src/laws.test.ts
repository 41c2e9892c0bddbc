import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { authorize } from './authorize.ts'
import {
  compileOne,
  compileRequest,
  compileSet,
  policy,
  policySet,
  request,
} from './generated.fixture.ts'
import type { RawPolicy, RawPolicySet, RawRequest } from './reference.fixture.ts'
import { trace } from './trace.ts'

const seed = Number(process.env['SEKISHO_TEST_SEED'] ?? 20_261_120)

function law(name: string, ...checked: [fc.IRawProperty<unknown>]): void {
  test(`${name} (seed ${seed})`, () => fc.assert(checked[0], { seed, numRuns: 800 }))
}

const decide = (asked: RawRequest, set: RawPolicySet) =>
  authorize(compileRequest(asked), compileSet(set))

const allowEverything: RawPolicy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const denyEverything: RawPolicy = { Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] }
const denyEverybody: RawPolicy = {
  Statement: [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }],
}
const denials: readonly RawPolicySet[] = [
  { identity: [denyEverything] },
  { boundary: denyEverything },
  { session: [denyEverything] },
  { scps: [[denyEverything]] },
  { rcps: [[denyEverybody]] },
  { resource: denyEverybody },
  { trust: { Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sts:*' }] } },
  { vpcEndpoint: denyEverybody },
]

law(
  'an explicit deny wins, whatever else allows',
  fc.property(request, policySet, fc.constantFrom(...denials), (asked, set, denial) => {
    const isLinked = asked.principal.type === 'assumed-role' && asked.principal.isServiceLinked
    fc.pre(!(isLinked && (denial.scps || denial.rcps)))
    const action = denial.trust ? 'sts:AssumeRole' : asked.action
    assert.equal(decide({ ...asked, action }, { ...set, ...denial }).effect, 'ExplicitDeny')
  }),
)

law(
  'silence denies: policies without statements allow nobody but the root user',
  fc.property(request, (asked) => {
    fc.pre(asked.principal.type !== 'root')
    const empty: RawPolicy = { Statement: [] }
    assert.equal(decide(asked, { identity: [empty], resource: empty }).effect, 'ImplicitDeny')
    assert.equal(decide(asked, {}).effect, 'ImplicitDeny')
  }),
)

law(
  'order and repetition of statements change nothing',
  fc.property(request, policySet, (asked, set) => {
    const turned = (each: RawPolicy): RawPolicy => ({
      ...each,
      Statement: [...each.Statement.toReversed(), ...each.Statement],
    })
    const again: RawPolicySet = {
      ...set,
      ...(set.identity && { identity: set.identity.toReversed().map(turned) }),
      ...(set.resource && { resource: turned(set.resource) }),
      ...(set.boundary && { boundary: turned(set.boundary) }),
      ...(set.scps && { scps: set.scps.map((level) => level.map(turned).toReversed()) }),
    }
    assert.equal(decide(asked, again).effect, decide(asked, set).effect)
  }),
)

/** `added` may take away, and never gives. NotPrincipal asks whether there is a boundary, and then only denies more. */
const neverGrants = (
  added: (given: RawPolicy) => RawPolicySet,
  type: 'boundary' | 'scp' | 'session',
  unlimited: RawPolicySet = {},
) =>
  fc.property(request, policySet, policy(type), (asked, set, given) => {
    const { boundary: _boundary, scps: _scps, session: _session, ...rest } = set
    const before = decide(asked, { ...rest, ...unlimited })
    const after = decide(asked, { ...rest, ...added(given) })
    assert.ok(before.allowed || !after.allowed)
  })

law(
  'a boundary never grants',
  neverGrants((boundary) => ({ boundary }), 'boundary'),
)
law(
  'an SCP never grants',
  neverGrants((given) => ({ scps: [[given]] }), 'scp'),
)
law(
  'a session policy never grants',
  // A federated user has nothing without one, and its user's permissions with one that allows everything.
  neverGrants((given) => ({ session: [given] }), 'session', { session: [allowEverything] }),
)

law(
  'across accounts both sides must say yes',
  fc.property(request, policySet, ({ resourceAccountId: _owner, ...asked }, set) => {
    fc.pre('accountId' in asked.principal && asked.principal.type !== 'root')
    const foreign = { ...asked, resourceAccountId: '222222222222' }
    if (!decide(foreign, set).allowed) return
    const { resource: _resource, ...withoutResource } = set
    const { identity: _identity, ...withoutIdentity } = set
    assert.equal(decide(foreign, withoutResource).allowed, false)
    assert.equal(decide(foreign, withoutIdentity).allowed, false)
  }),
)

law(
  'the trace agrees with the decision, and survives JSON',
  fc.property(request, policySet, (asked, set) => {
    const [question, policies] = [compileRequest(asked), compileSet(set)]
    const decision = authorize(question, policies)
    const told = trace(question, policies)
    assert.equal(told.effect, decision.effect)
    assert.equal(told.decidedBy, decision.decidedBy)
    assert.deepEqual(JSON.parse(JSON.stringify(told)), told)
    for (const each of told.policies) {
      const applied = each.statements.filter(({ applies }) => applies)
      const denies = applied.some(({ effect }) => effect === 'Deny')
      const expected = denies ? 'ExplicitDeny' : applied.length > 0 ? 'Allow' : 'ImplicitDeny'
      assert.equal(each.effect, expected)
    }
  }),
)

law(
  'a decision names the statements that decided: exactly one Deny, or an Allow that is there',
  fc.property(request, policySet, (asked, set) => {
    const { effect, determining } = decide(asked, set)
    if (effect === 'ImplicitDeny') assert.deepEqual(determining, [])
    for (const { policy: deciding, index } of determining)
      assert.equal(
        deciding.document.statements[index]!.effect,
        effect === 'Allow' ? 'Allow' : 'Deny',
      )
  }),
)

test('the keys that a policy reads are known: its conditions’ and its variables’', () => {
  const compiled = compileOne(
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: '*',
          Resource: 'arn:aws:s3:::b/${aws:username}',
          Condition: { StringLike: { 'aws:Referer': "${aws:PrincipalTag/Team, 'x'}" } },
        },
      ],
    },
    'identity',
  )
  assert.deepEqual([...compiled.conditionKeys].sort(), [
    'aws:principaltag/team',
    'aws:referer',
    'aws:username',
  ])
})
