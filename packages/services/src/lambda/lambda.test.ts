import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from '@sekisho/protocols'
import { type Harness, harness, noFunctions } from '../harness.fixture.ts'
import { iamCollections, keyOf } from '../iam/records.ts'
import { sweepCode } from './code.ts'
import { RunnerError } from './runner.ts'

const accountId = '111111111111'
const role = `arn:aws:iam::${accountId}:role/f`
const functionArn = `arn:aws:lambda:us-east-1:${accountId}:function:f`
const functions = '/2015-03-31/functions'

async function withFunction(): Promise<Harness> {
  const made = await harness('lambda')
  await made.store.documents.transact((transaction) =>
    transaction.put(iamCollections.roles, keyOf(accountId, 'f'), {
      accountId,
      name: 'f',
      path: '/',
      trust: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
          },
        ],
      }),
    }),
  )
  const { status, text } = await made.ask('POST', functions, {
    FunctionName: 'f',
    Runtime: 'nodejs22.x',
    Role: role,
    Handler: 'index.handler',
    Code: { ZipFile: Buffer.from('one').toString('base64') },
  })
  assert.equal(status, 201, text)
  return made
}

const update = (code: string) => ({ ZipFile: Buffer.from(code).toString('base64') })

test('versions are published once for each state of a function, and never change', async () => {
  await using made = await withFunction()
  const publish = async (body: object = {}) => made.ask('POST', `${functions}/f/versions`, body)
  const first = await publish({ Description: 'the first' })
  assert.equal(first.status, 201, first.text)
  assert.equal(first.json.Version, '1')
  assert.equal(first.json.FunctionArn, `${functionArn}:1`)
  assert.equal(first.json.Description, 'the first')
  assert.equal((await publish()).json.Version, '1')
  const updated = await made.ask('PUT', `${functions}/f/code`, { ...update('two'), Publish: true })
  assert.equal(updated.json.Version, '2')
  const versions = await made.ask('GET', `${functions}/f/versions`)
  assert.deepEqual(
    versions.json.Versions.map((each: { Version: string }) => each.Version),
    ['$LATEST', '1', '2'],
  )
  const [, one, two] = versions.json.Versions
  assert.notEqual(one.CodeSha256, two.CodeSha256)
  const wrong = await publish({ CodeSha256: 'x' })
  assert.match(wrong.text, /CodeSHA256 \(x\) is different from current CodeSHA256 in \$LATEST/)
  assert.equal((await publish({ RevisionId: 'x' })).status, 412)
  const missing = await made.ask('GET', `${functions}/f/configuration?Qualifier=9`)
  assert.equal(missing.json.Message, `Function not found: ${functionArn}:9`)
  assert.equal((await made.ask('DELETE', `${functions}/f?Qualifier=2`)).status, 204)
  assert.equal((await made.ask('GET', `${functions}/f?Qualifier=2`)).status, 404)
  // Numbers are not used twice.
  assert.equal((await publish()).json.Version, '3')
  assert.equal((await made.ask('DELETE', `${functions}/f`)).status, 204)
  assert.equal((await made.ask('GET', `${functions}/f?Qualifier=1`)).status, 404)
  const left: string[] = []
  for await (const name of made.store.blobs.list('')) left.push(name)
  assert.deepEqual(left, [])
})

test('aliases lead to versions, by weight where there are two', async () => {
  await using made = await withFunction()
  await made.ask('POST', `${functions}/f/versions`, {})
  await made.ask('PUT', `${functions}/f/code`, { ...update('two'), Publish: true })
  const aliases = `${functions}/f/aliases`
  const created = await made.ask('POST', aliases, { Name: 'live', FunctionVersion: '1' })
  assert.equal(created.status, 201, created.text)
  assert.equal(created.json.AliasArn, `${functionArn}:live`)
  assert.equal(
    (await made.ask('POST', aliases, { Name: 'live', FunctionVersion: '1' })).status,
    409,
  )
  assert.equal((await made.ask('POST', aliases, { Name: '12', FunctionVersion: '1' })).status, 400)
  assert.equal((await made.ask('POST', aliases, { Name: 'x', FunctionVersion: '7' })).status, 404)
  const routed = await made.ask('PUT', `${aliases}/live`, {
    RoutingConfig: { AdditionalVersionWeights: { 2: 0.25 } },
  })
  assert.deepEqual(routed.json.RoutingConfig, { AdditionalVersionWeights: { 2: 0.25 } })
  const ran: string[] = []
  const invoke = (digits: string) =>
    made.ask('POST', `${functions}/f/invocations?Qualifier=live`, undefined, {
      ids: { text: () => digits, uuid: () => '' },
      functions: {
        ...noFunctions,
        invoke: async ({ version }, { invokedArn }) => {
          ran.push(`${version} ${invokedArn}`)
          return { payload: Buffer.from('1'), logTail: async () => '' }
        },
      },
    })
  const answer = await invoke('249999999')
  assert.equal(answer.headers['x-amz-executed-version'], '2')
  await invoke('250000000')
  assert.deepEqual(ran, [`2 ${functionArn}:live`, `1 ${functionArn}:live`])
  assert.match(
    (await made.ask('DELETE', `${functions}/f?Qualifier=2`)).text,
    /the following aliases reference it: \[live\]/,
  )
  const missing = await made.ask('GET', `${aliases}/none`)
  assert.equal(missing.json.Message, `Cannot find alias arn: ${functionArn}:none`)
  assert.equal((await made.ask('DELETE', `${aliases}/live`)).status, 204)
  assert.deepEqual((await made.ask('GET', aliases)).json.Aliases, [])
})

test('code that is replaced while it is asked for is asked for again', async () => {
  await using made = await withFunction()
  let asked = 0
  const answer = await made.ask('POST', `${functions}/f/invocations`, undefined, {
    functions: {
      ...noFunctions,
      invoke: async () => {
        if (++asked > 1) return { payload: Buffer.from('2'), logTail: async () => '' }
        await made.ask('PUT', `${functions}/f/code`, update('two'))
        throw new RunnerError('INVALID_CODE', 'the code is not there any more')
      },
    },
  })
  assert.deepEqual([answer.status, answer.text, asked], [200, '2', 2])
})

test('permissions are of a function, a version or an alias, each for itself', async () => {
  await using made = await withFunction()
  await made.ask('POST', `${functions}/f/versions`, {})
  await made.ask('POST', `${functions}/f/aliases`, { Name: 'live', FunctionVersion: '1' })
  const permission = (query: string, more: object = {}) =>
    made.ask('POST', `${functions}/f/policy${query}`, {
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: 'arn:aws:execute-api:us-east-1:111111111111:abc/*',
      ...more,
    })
  const added = await permission('?Qualifier=live')
  assert.deepEqual(JSON.parse(added.json.Statement), {
    Sid: 's',
    Effect: 'Allow',
    Principal: { Service: 'apigateway.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: `${functionArn}:live`,
    Condition: {
      ArnLike: { 'AWS:SourceArn': 'arn:aws:execute-api:us-east-1:111111111111:abc/*' },
    },
  })
  assert.equal((await made.ask('GET', `${functions}/f/policy`)).status, 404)
  const policy = await made.ask('GET', `${functions}/f/policy?Qualifier=live`)
  assert.equal(JSON.parse(policy.json.Policy).Statement.length, 1)
  assert.match(
    (await permission('?Qualifier=$LATEST')).text,
    /do not support adding policies for \$LATEST/,
  )
  assert.equal((await permission('?Qualifier=live', { RevisionId: 'old' })).status, 412)
  assert.equal((await permission('?Qualifier=live')).status, 409)
  await made.ask('POST', `${functions}/f:live/invocations`).catch(() => {})
  const [need] = made.needs()
  assert.equal(need?.resource, `${functionArn}:live`)
  assert.ok(need?.resourcePolicy)
  await made.ask('POST', `${functions}/f/invocations`).catch(() => {})
  assert.equal(made.needs()[0]?.resourcePolicy, undefined)
  const large = await permission('?Qualifier=1', {
    SourceArn: `arn:aws:s3:::${'x'.repeat(21_000)}`,
  })
  assert.equal(large.headers['x-amzn-errortype'], 'PolicyLengthExceededException')
})

test('how events are treated is said for each qualifier', async () => {
  await using made = await withFunction()
  const path = '/2019-09-25/functions/f/event-invoke-config'
  assert.match((await made.ask('GET', path)).text, /doesn't have an EventInvokeConfig/)
  assert.match((await made.ask('PUT', path, {})).text, /at least one of error handling/)
  const put = await made.ask('PUT', path, {
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: functionArn } },
  })
  assert.equal(put.status, 200, put.text)
  assert.equal(put.json.FunctionArn, `${functionArn}:$LATEST`)
  const updated = await made.ask('POST', path, { MaximumEventAgeInSeconds: 60 })
  assert.deepEqual(
    [updated.json.MaximumRetryAttempts, updated.json.MaximumEventAgeInSeconds],
    [1, 60],
  )
  assert.deepEqual(updated.json.DestinationConfig, {
    OnSuccess: {},
    OnFailure: { Destination: functionArn },
  })
  const queue = await made.ask('PUT', path, {
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:111111111111:q' } },
  })
  assert.match(queue.text, /An SQS queue as a destination is not supported by Sekisho yet/)
  const told = { DestinationConfig: { OnSuccess: { Destination: functionArn } } }
  const refused = await made.ask('PUT', path, told, {
    refusalTo: async (...[service, operation, , { roleArn }]) =>
      new AwsError('AccessDeniedException', `${service} ${operation} ${roleArn}`, 403),
  })
  assert.equal(refused.headers['x-amzn-errortype'], 'InvalidParameterValueException')
  assert.match(
    refused.text,
    /The function's execution role does not have permissions to call InvokeFunction on arn:aws:lambda:/,
  )
  const listed = await made.ask('GET', `${path}/list`)
  assert.equal(listed.json.FunctionEventInvokeConfigs.length, 1)
  assert.equal((await made.ask('DELETE', path)).status, 204)
})

test('an event is on disk when it is accepted, and refused where too many wait', async () => {
  await using made = await withFunction()
  const { documents } = made.store
  // The header that says so is not sent by this harness: the older operation is the same.
  const old = await made.ask('POST', '/2014-11-13/functions/f/invoke-async', '{"a":1}')
  assert.equal(old.status, 202, old.text)
  const [kept] = await documents.list<{ payload: string }>('lambda-events')
  assert.equal(kept?.value.payload, '{"a":1}')
  const broken = await made.ask('POST', '/2014-11-13/functions/f/invoke-async', '{')
  assert.equal(broken.headers['x-amzn-errortype'], 'InvalidRequestContentException')
})

test('code comes from S3 with the caller’s rights', async () => {
  await using made = await withFunction()
  const asked: unknown[] = []
  const from = (answer: () => unknown) =>
    made.ask(
      'PUT',
      `${functions}/f/code`,
      { S3Bucket: 'b', S3Key: 'k', S3ObjectVersion: 'v' },
      {
        aws: async (...given) => {
          asked.push(given)
          return answer() as never
        },
      },
    )
  const pieces = async function* () {
    yield Buffer.from('ne')
    yield Buffer.from('w')
  }
  const updated = await from(() => ({ Body: pieces() }))
  assert.equal(updated.json.CodeSize, 3, updated.text)
  assert.deepEqual(asked, [
    ['s3', 'GetObject', { Bucket: 'b', Key: 'k', VersionId: 'v' }, 'caller'],
  ])
  const missing = await from(() => {
    throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404)
  })
  assert.match(missing.text, /Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error/)
  const denied = await from(() => {
    throw new AwsError('AccessDenied', 'Access Denied', 403)
  })
  assert.equal(denied.headers['x-amzn-errortype'], 'AccessDeniedException')
})

const blobsOf = ({ store }: Harness) => Array.fromAsync(store.blobs.list(''))

test('what a killed process stored of code and nobody has goes with the next start', async () => {
  await using made = await withFunction()
  await made.ask('POST', `${functions}/f/versions`, {})
  await made.ask('PUT', `${functions}/f/code`, update('two'))
  const layer = { Content: update('layer') }
  await made.ask('POST', '/2018-10-31/layers/l/versions', layer)
  const used = await blobsOf(made)
  assert.equal(used.length, 3)
  await made.store.blobs.put(`lambda/${accountId}/left`, Buffer.from('left'))
  await made.store.blobs.put('s3/other', Buffer.from('other'))
  await sweepCode(made.store)
  assert.deepEqual(await blobsOf(made), [...used, 's3/other'])
})

test('code that is refused or only tried out is not kept', async () => {
  await using made = await withFunction()
  const before = await blobsOf(made)
  const late = { ...update('two'), RevisionId: 'another' }
  assert.equal((await made.ask('PUT', `${functions}/f/code`, late)).status, 412)
  const tried = await made.ask('PUT', `${functions}/f/code`, { ...update('two'), DryRun: true })
  assert.equal(tried.json.CodeSize, 3)
  // Deleted while its code was looked at.
  const inspect = async () => {
    await made.ask('DELETE', `${functions}/f`)
    return { unpackedBytes: 0 }
  }
  const gone = await made.ask('PUT', `${functions}/f/code`, update('three'), {
    functions: { ...noFunctions, inspect },
  })
  assert.equal(gone.status, 404)
  assert.equal(before.length, 1)
  assert.deepEqual(await blobsOf(made), [])
})

test('a layer that is deleted while a function is given it is not given', async () => {
  await using made = await withFunction()
  const layers = '/2018-10-31/layers/l/versions'
  const { json } = await made.ask('POST', layers, { Content: update('layer') })
  const inspect = async () => {
    await made.ask('DELETE', `${layers}/1`)
    return { unpackedBytes: 0 }
  }
  const { status, text } = await made.ask(
    'POST',
    functions,
    {
      FunctionName: 'g',
      Runtime: 'nodejs22.x',
      Role: role,
      Handler: 'index.handler',
      Code: update('g'),
      Layers: [json.LayerVersionArn],
    },
    { functions: { ...noFunctions, inspect } },
  )
  assert.equal(status, 400)
  assert.match(text, /Layer version .*:l:1 does not exist/)
})

test('a variable that no process can be given is refused when it is set', async () => {
  await using made = await withFunction()
  const { status, text } = await made.ask('PUT', `${functions}/f/configuration`, {
    Environment: { Variables: { CUT: 'a\0b' } },
  })
  assert.equal(status, 400, text)
  assert.match(text, /environment variable CUT has a null character/)
})

test('two functions that reserve at once do not reserve more than there is', async () => {
  await using made = await withFunction()
  const { text } = await made.ask('POST', functions, {
    FunctionName: 'g',
    Runtime: 'nodejs22.x',
    Role: role,
    Handler: 'index.handler',
    Code: update('g'),
  })
  assert.match(text, /"FunctionName":"g"/)
  const answers = await Promise.all(
    ['f', 'g'].map((name) =>
      made.ask('PUT', `/2017-10-31/functions/${name}/concurrency`, {
        ReservedConcurrentExecutions: 500,
      }),
    ),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400])
})
