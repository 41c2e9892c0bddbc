import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { needs } from '../debian-packages.ts'
import { serve, temporaryFolder, variablesOf } from './server.fixture.ts'

test(
  'boto3 uploads in parts, keeps versions, copies, tags and presigns',
  needs('python3-boto3'),
  async () => {
    using folder = temporaryFolder()
    await using server = await serve(join(folder.path, 'data'))
    const variables = variablesOf(server)
    const script = join(import.meta.dirname, 's3-boto3.fixture.py')
    const { stdout } = await promisify(execFile)(
      '/usr/bin/python3',
      [script, server.endpoint, join(folder.path, 'file')],
      { env: { PATH: '/usr/bin:/bin', ...variables } },
    )
    assert.deepEqual(JSON.parse(stdout), {
      parts: [12_800_000, '-3', { made: 'in parts' }],
      same: true,
      second: [5_242_880, 3, 'bytes 5242880-10485759/12800000'],
      across: true,
      refusals: ['EntityTooSmall', 'InvalidPartOrder', 'InvalidPart'],
      'under way': ['small'],
      'its parts': [1, 1],
      'given up': 'NoSuchUpload',
      'without its sum': 'InvalidRequest',
      'of sums': '-1',
      copy: [12_800_000, { made: 'in parts' }],
      'to itself': 'InvalidRequest',
      hidden: 'NoSuchKey',
      first: '0',
      versions: [true, true, true],
      'shown again': '2',
      tags: [{ Key: 'a', Value: 'b' }],
      signed: ['by url', 'text/x-signed'],
      deleted: true,
    })
  },
)
