import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import * as iam from '@aws-sdk/client-iam'
import { sekisho, serve, temporaryFolder } from './server.fixture.ts'

test('soft mode refuses nobody for lack of permission, and says what it would have', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--iam', 'soft')
  const settings = (...who: readonly string[]) => {
    const given = JSON.parse(sekisho(['env', ...who, '--data', server.data, '--json']).stdout)
    return {
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: {
        accessKeyId: given.AWS_ACCESS_KEY_ID,
        secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
        sessionToken: given.AWS_SESSION_TOKEN,
      },
    }
  }
  await new iam.IAM(settings()).createUser({ UserName: 'novice' })
  const novice = settings('--user', 'novice')
  await new gateway.APIGateway(novice).createRestApi({ name: 'soft' })
  await new iam.IAM(novice).listUsers({})
  // Who signs wrongly is nobody, in soft mode too.
  await assert.rejects(
    new iam.IAM({
      ...novice,
      credentials: { ...novice.credentials, secretAccessKey: 'x' },
    }).listUsers({}),
    { name: 'SignatureDoesNotMatch' },
  )
  const { stdout } = sekisho(['log', '--suggest', '--json', '--data', server.data])
  assert.deepEqual(JSON.parse(stdout), {
    principal: 'arn:aws:iam::000000000000:user/novice',
    policy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['apigateway:POST'],
          Resource: ['arn:aws:apigateway:us-east-1::/restapis'],
        },
        {
          Effect: 'Allow',
          Action: ['iam:ListUsers'],
          Resource: ['arn:aws:iam::000000000000:user/'],
        },
      ],
    },
    deniedElsewhere: [],
  })
  // With just these statements, nothing would be refused any more.
  await new iam.IAM(settings()).putUserPolicy({
    UserName: 'novice',
    PolicyName: 'suggested',
    PolicyDocument: JSON.stringify(JSON.parse(stdout).policy),
  })
  const before = sekisho(['log', '--denied', '--json', '--data', server.data]).stdout
  await new iam.IAM(novice).listUsers({})
  assert.equal(sekisho(['log', '--denied', '--json', '--data', server.data]).stdout, before)
})
