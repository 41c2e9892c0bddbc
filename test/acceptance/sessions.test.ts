import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import * as sts from '@aws-sdk/client-sts'
import { needs } from '../debian-packages.ts'
import { sekisho, serve, temporaryFolder, variablesOf } from './server.fixture.ts'

test(
  'boto3 keeps users, groups and roles; a session ends when its time is over',
  needs('python3-boto3'),
  async () => {
    using folder = temporaryFolder()
    await using server = await serve(folder.path, '--test-clock')
    const env = variablesOf(server)
    const script = join(import.meta.dirname, 'sessions.fixture.py')
    const { stdout } = await promisify(execFile)('/usr/bin/python3', [script, server.endpoint], {
      env: { PATH: '/usr/bin:/bin', ...env },
    })
    const { credentials, ...seen } = JSON.parse(stdout)
    const crowd = Array.from({ length: 5 }, (_, at) => `user-${at}`)
    assert.deepEqual(seen, {
      pages: [crowd.slice(0, 2), crowd.slice(2, 4), crowd.slice(4)],
      tags: [{ Key: 'at', Value: '3' }],
      beforeGroup: 'AccessDenied',
      afterGroup: 'let in',
      trust: { AWS: 'arn:aws:iam::000000000000:user/crowd/user-0' },
      details: crowd,
      summary: 5,
      wrongSecret: 'SignatureDoesNotMatch',
      unknownKey: 'InvalidClientTokenId',
      missingToken: 'InvalidClientTokenId',
    })

    const client = new sts.STS({
      endpoint: server.endpoint,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: credentials.AccessKeyId,
        secretAccessKey: credentials.SecretAccessKey,
        sessionToken: credentials.SessionToken,
      },
    })
    assert.ok(await client.getCallerIdentity({}))
    assert.equal(sekisho(['clock', 'advance', '59m', '--data', server.data]).status, 0)
    assert.ok(await client.getCallerIdentity({}))
    assert.equal(sekisho(['clock', 'advance', '2m', '--data', server.data]).status, 0)
    await assert.rejects(client.getCallerIdentity({}), { name: 'ExpiredToken' })
  },
)
