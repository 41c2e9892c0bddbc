import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Call, openIdentities, services } from '@sekisho/services'
import { openStore, type Store } from '@sekisho/store'
import { randomIds } from './ids.ts'
import { type LogTarget, openLogWriter } from './log-writer.ts'

const accountId = '111111111111'
const at = Date.UTC(2026, 0, 2)
const target: LogTarget = {
  group: { accountId, region: 'us-east-1', name: '/aws/lambda/greeter' },
  streamName: 'a',
  makesGroup: true,
  as: {
    accountId,
    roleArn: `arn:aws:iam::${accountId}:role/writer`,
    service: 'lambda.amazonaws.com',
    sessionName: 'greeter',
  },
}

async function opened({ documents, changes }: Store) {
  const refusals: string[] = []
  const writer = openLogWriter({
    documents,
    identities: await openIdentities({ documents, changes }, randomIds),
    now: () => at,
    onFailure: (error) => assert.fail(String(error)),
    onRefused: (_, why) => refusals.push(why),
  })
  const call = { accountId, region: 'us-east-1', documents, ids: randomIds, now: new Date(at) }
  const ask = async (service: string, operation: string, input: object) =>
    services
      .find(({ name }) => name === service)!
      .operations.get(operation)!
      .handle(input as never, call as unknown as Call)
  const allow = (Action: string | string[], Resource = '*') =>
    ask('iam', 'PutRolePolicy', {
      RoleName: 'writer',
      PolicyName: 'own',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action, Resource },
      }),
    })
  const makeRole = (Service = 'lambda.amazonaws.com') =>
    ask('iam', 'CreateRole', {
      RoleName: 'writer',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' },
      }),
    })
  const messages = async () => {
    const given = { logGroupName: target.group.name }
    const { events } = (await ask('logs', 'FilterLogEvents', given)) as {
      events: { message: string }[]
    }
    return events.map(({ message }) => message)
  }
  return { writer, refusals, ask, allow, makeRole, messages }
}

test('lines reach a group that the role may write to, and make it where it may', async () => {
  await using store = await openStore('memory:')
  const { writer, allow, makeRole, messages, refusals } = await opened(store)
  await makeRole()
  await allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'])
  for (const line of ['one', 'two', 'three']) writer.write(target, line)
  await writer.flush()
  writer.write(target, 'four')
  await writer[Symbol.asyncDispose]()
  assert.deepEqual(await messages(), ['one', 'two', 'three', 'four'])
  assert.deepEqual([refusals, writer.dropped()], [[], 0])
})

test('a role that may not write there, or is not trusted with it, writes nothing', async () => {
  await using store = await openStore('memory:')
  const { writer, ask, allow, makeRole, messages, refusals } = await opened(store)
  const written = async () => {
    writer.write(target, 'line')
    await writer.flush()
  }
  await ask('logs', 'CreateLogGroup', { logGroupName: target.group.name })
  await written()
  await makeRole('events.amazonaws.com')
  await allow('logs:*')
  await written()
  assert.deepEqual(await messages(), [])
  assert.equal(refusals.length, 1, 'said once')
  assert.equal(writer.dropped(), 2)
  await ask('iam', 'UpdateAssumeRolePolicy', {
    RoleName: 'writer',
    PolicyDocument:
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}',
  })
  await allow('logs:*', 'arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/other:*')
  await written()
  assert.deepEqual(await messages(), [])
  await allow('logs:*', 'arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/greeter:*')
  await written()
  assert.deepEqual(await messages(), ['line'])
})

test('a group that is missing is not made by a role that may only write', async () => {
  await using store = await openStore('memory:')
  const { writer, allow, makeRole, messages, refusals } = await opened(store)
  await makeRole()
  await allow(['logs:CreateLogStream', 'logs:PutLogEvents'])
  writer.write(target, 'line')
  await writer.flush()
  await assert.rejects(messages(), /does not exist/)
  assert.deepEqual(refusals, ['there is no such log group'])
})

test('what waits is bounded: the rest is dropped and counted', async () => {
  await using store = await openStore('memory:')
  const { writer } = await opened(store)
  const line = 'x'.repeat(256 * 1024)
  for (let count = 0; count < 200; count++) writer.write(target, line)
  assert.ok(writer.dropped() > 0 && writer.dropped() < 100)
  await writer.flush()
})

test('groups of one name in two accounts are two groups, and many lines reach one of them', async () => {
  await using store = await openStore('memory:')
  const { writer, allow, makeRole, messages } = await opened(store)
  await makeRole()
  await allow('logs:*')
  const line = 'x'.repeat(200_000)
  const elsewhere = { ...target, group: { ...target.group, accountId: '222222222222' } }
  writer.write(elsewhere, 'theirs')
  for (let count = 0; count < 20; count++) writer.write(target, `${count} ${line}`)
  await writer.flush()
  const found = await messages()
  assert.equal(found.length, 5, 'as many as a page has room for')
  assert.ok(found.every((each, at) => each.startsWith(`${at} x`)))
  assert.equal(writer.dropped(), 1, 'of the other account')
})
