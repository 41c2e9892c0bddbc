import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLogFields } from '@sekisho/edge'
import { AwsError } from '@sekisho/protocols'
import { cloudfrontCollections } from '../cloudfront/records.ts'
import { accountId, type Harness, harness } from '../harness.fixture.ts'
import type { Call } from '../service.ts'
import { deliveriesOf } from './delivery-records.ts'

const arnOf = (id: string) => `arn:aws:cloudfront::${accountId}:distribution/${id}`
const logsArn = (rest: string) => `arn:aws:logs:us-east-1:${accountId}:${rest}`
const destination = logsArn('delivery-destination:d')

const source = (resourceArn: string, name = 's', logType = 'ACCESS_LOGS') =>
  ['PutDeliverySource', { name, resourceArn, logType }] as const
const toGroup = (more: object = {}, destinationResourceArn = logsArn('log-group:g')) =>
  [
    'PutDeliveryDestination',
    { name: 'd', deliveryDestinationConfiguration: { destinationResourceArn }, ...more },
  ] as const
const delivery = (more: object = {}) =>
  [
    'CreateDelivery',
    { deliverySourceName: 's', deliveryDestinationArn: destination, ...more },
  ] as const

async function made(): Promise<Harness> {
  const logs = await harness('logs')
  await logs.store.documents.transact(async (transaction) => {
    for (const [id, owner] of [
      ['E1', accountId],
      ['E2', accountId],
      ['E3', '222222222222'],
    ] as const)
      transaction.put(cloudfrontCollections.distributions, id, {
        id,
        accountId: owner,
        tags: { stage: 'prod' },
      })
  })
  await logs.call('CreateLogGroup', { logGroupName: 'g' })
  return logs
}

test('a source, a destination and a delivery are made, shown, changed and deleted', async () => {
  await using logs = await made()
  const put = await logs.call(...source(arnOf('E1')))
  const deliverySource = {
    name: 's',
    arn: logsArn('delivery-source:s'),
    resourceArns: [arnOf('E1')],
    service: 'cloudfront',
    logType: 'ACCESS_LOGS',
  }
  assert.deepEqual(put.json, { deliverySource })
  assert.deepEqual(logs.needs(), [
    {
      action: 'logs:PutDeliverySource',
      resource: logsArn('delivery-source:s'),
      keys: { 'logs:LogGeneratingResourceArns': [arnOf('E1')] },
    },
    {
      action: 'cloudfront:AllowVendedLogDeliveryForResource',
      resource: arnOf('E1'),
      keys: { 'aws:ResourceTag/stage': 'prod' },
    },
  ])
  const deliveryDestination = {
    name: 'd',
    arn: destination,
    deliveryDestinationType: 'CWL',
    outputFormat: 'plain',
    deliveryDestinationConfiguration: { destinationResourceArn: logsArn('log-group:g') },
  }
  assert.deepEqual((await logs.call(...toGroup({ outputFormat: 'plain' }))).json, {
    deliveryDestination,
  })
  const created = await logs.call(...delivery({ fieldDelimiter: ',' }))
  const { id } = created.json.delivery
  assert.deepEqual(
    logs.needs().map(({ resource }) => resource),
    [logsArn('delivery-source:s'), destination, logsArn('delivery:*')],
  )
  const served = { id, sourceArn: logsArn('delivery-source:s'), region: 'us-east-1', logGroup: 'g' }
  const { documents } = logs.store
  const deliveries = () => deliveriesOf(documents, accountId, arnOf('E1'))
  assert.deepEqual(await deliveries(), [
    { ...served, fields: defaultLogFields, includesCookies: false, delimiter: ',' },
  ])
  await logs.call('UpdateDeliveryConfiguration', { id, recordFields: ['date', 'cs(Cookie)'] })
  assert.deepEqual(await deliveries(), [
    { ...served, fields: ['date', 'cs(Cookie)'], includesCookies: true, delimiter: ',' },
  ])
  assert.deepEqual(await deliveriesOf(documents, accountId, arnOf('E2')), [])

  const all = async (operation: string) => (await logs.call(operation, {})).json
  assert.deepEqual(await all('DescribeDeliverySources'), { deliverySources: [deliverySource] })
  assert.deepEqual(await all('DescribeDeliveryDestinations'), {
    deliveryDestinations: [deliveryDestination],
  })
  const described = await all('DescribeDeliveries')
  assert.deepEqual(described.deliveries, [(await logs.call('GetDelivery', { id })).json.delivery])

  const used = [
    ['DeleteDeliverySource', { name: 's' }],
    ['DeleteDeliveryDestination', { name: 'd' }],
    delivery(),
  ] as const
  for (const [operation, input] of used)
    assert.equal((await logs.call(operation, input)).json.__type, 'ConflictException')
  const gone = [
    ['DeleteDelivery', { id }],
    ['DeleteDeliverySource', { name: 's' }],
    ['DeleteDeliveryDestination', { name: 'd' }],
  ] as const
  for (const [operation, input] of gone) {
    assert.equal((await logs.call(operation, input)).status, 200)
    assert.equal((await logs.call(operation, input)).json.__type, 'ResourceNotFoundException')
  }
})

const refusals: readonly (readonly [
  what: string,
  asked: readonly [operation: string, input: object],
  code: string,
])[] = [
  ['a distribution that is not there', source(arnOf('E9'), 'n'), 'ResourceNotFoundException'],
  ["somebody else's distribution", source(arnOf('E3'), 'n'), 'ResourceNotFoundException'],
  ['another resource', source(logsArn('log-group:g'), 'n'), 'ValidationException'],
  ['another type of log', source(arnOf('E2'), 'n', 'CONNECTION_LOGS'), 'ValidationException'],
  ['a second source of a resource', source(arnOf('E1'), 'n'), 'ConflictException'],
  ['another resource of a source', source(arnOf('E2')), 'ConflictException'],
  ['a bucket', toGroup({}, 'arn:aws:s3:::b'), 'ValidationException'],
  [
    'a group that is not there',
    toGroup({}, logsArn('log-group:none')),
    'ResourceNotFoundException',
  ],
  ['a form of files', toGroup({ outputFormat: 'parquet' }), 'ValidationException'],
  ['a field that is not known', delivery({ recordFields: ['asn'] }), 'ValidationException'],
  ['a delimiter in JSON', delivery({ fieldDelimiter: ',' }), 'ValidationException'],
  ['a path in a bucket', delivery({ s3DeliveryConfiguration: {} }), 'ValidationException'],
  [
    'a destination that is not there',
    delivery({ deliveryDestinationArn: `${destination}x` }),
    'ResourceNotFoundException',
  ],
]

test('what cannot be delivered is refused', async (t) => {
  await using logs = await made()
  await logs.call(...source(arnOf('E1')))
  await logs.call(...toGroup())
  for (const [what, [operation, input], code] of refusals)
    await t.test(what, async () =>
      assert.equal((await logs.call(operation, input)).json.__type, code),
    )
  const elsewhere = await logs.call(...source(arnOf('E2'), 'n'), { region: 'eu-west-1' })
  assert.equal(elsewhere.json.__type, 'ValidationException')
})

test('a group is opened to who delivers in one statement, unless it is open or may not be', async () => {
  await using logs = await made()
  const asked: [operation: string, input: object, behalf: unknown][] = []
  let document = '{}'
  const closed: Partial<Call> = {
    refusalTo: async (_service, _operation, _input, behalf) => {
      assert.deepEqual(behalf, {
        service: 'delivery.logs.amazonaws.com',
        accountId,
        region: 'us-east-1',
        sourceArn: logsArn('delivery-source:s'),
      })
      return new AwsError('AccessDeniedException', 'no', 400)
    },
    aws: async (_service, operation, input, behalf) => {
      asked.push([operation, input, behalf])
      const policyName = 'AWSLogDeliveryWrite20150319'
      return { resourcePolicies: [{ policyName, policyDocument: document }] }
    },
  }
  await logs.call(...source(arnOf('E1')))
  await logs.call(...toGroup())
  await logs.call(...delivery(), closed)
  assert.deepEqual(
    asked.map(([operation, , behalf]) => [operation, behalf]),
    [
      ['DescribeResourcePolicies', 'caller'],
      ['PutResourcePolicy', 'caller'],
    ],
  )
  document = (asked[1]![1] as { policyDocument: string }).policyDocument
  // A destination that deliveries go to already moves on to another group.
  await logs.call('CreateLogGroup', { logGroupName: 'h' })
  await logs.call(...toGroup({}, logsArn('log-group:h')), closed)
  document = (asked[3]![1] as { policyDocument: string }).policyDocument
  const { Statement } = JSON.parse(document)
  assert.equal(Statement.length, 1)
  assert.deepEqual(Statement[0].Resource, [
    logsArn('log-group:g:log-stream:*'),
    logsArn('log-group:h:log-stream:*'),
  ])
  assert.deepEqual(Statement[0].Condition.StringEquals, { 'aws:SourceAccount': [accountId] })
  // Whatever it is called, it is the one that holds all.
  document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { ...Statement[0], Sid: 'Mine' },
      { Sid: 'AWSLogDeliveryWrite20150319', Effect: 'Deny' },
    ],
  })
  await logs.call(...toGroup(), closed)
  const { Statement: after } = JSON.parse(
    (asked[5]![1] as { policyDocument: string }).policyDocument,
  )
  assert.deepEqual(
    after.map(({ Sid }: { Sid: string }) => Sid),
    ['Mine', 'AWSLogDeliveryWrite20150319'],
  )
  const refused = await logs.call(...toGroup(), {
    ...closed,
    aws: async () => {
      throw new AwsError('AccessDeniedException', 'not authorized', 400)
    },
  })
  assert.equal(refused.json.__type, 'AccessDeniedException')
})

test('a delivery is not made to a group that was not opened for it', async () => {
  await using logs = await made()
  await logs.call(...source(arnOf('E1')))
  await logs.call(...toGroup())
  await logs.call('CreateLogGroup', { logGroupName: 'h' })
  const meanwhile = (asked: readonly [operation: string, input: object]): Partial<Call> => ({
    refusalTo: async () => new AwsError('AccessDeniedException', 'no', 400),
    aws: async (_service, operation) => {
      if (operation === 'PutResourcePolicy') assert.equal((await logs.call(...asked)).status, 200)
      return { resourcePolicies: [] }
    },
  })
  const toAnother = toGroup({}, logsArn('log-group:h'))
  const moved = await logs.call(...delivery(), meanwhile(toAnother))
  assert.equal(moved.json.__type, 'ConflictException')
  assert.equal((await logs.call(...delivery())).status, 200)
  // Nor does a destination move on while another delivery to it is being made.
  await logs.call(...source(arnOf('E2'), 'other'))
  const another = delivery({ deliverySourceName: 'other' })
  assert.equal((await logs.call(...toGroup(), meanwhile(another))).json.__type, 'ConflictException')
  assert.equal((await logs.call(...toGroup())).status, 200)
})
