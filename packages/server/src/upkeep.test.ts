import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { readConfig } from './config.ts'
import { restore } from './restore.ts'
import { start } from './server.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'sekisho-upkeep-'))
const startIn = (data: string, ...args: string[]) =>
  start(readConfig({ args: ['--port', '0', '--log-level', 'error', '--data', data, ...args] }))

function operate(
  data: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; bytes: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; bytes: Buffer }>()
  request({
    socketPath: join(data, 'operator.sock'),
    method,
    path: `/_sekisho/${path}`,
    headers: { host: 'localhost' },
  })
    .on('response', async (response) =>
      resolve({ status: response.statusCode ?? 0, bytes: await buffer(response) }),
    )
    .on('error', reject)
    .end(body && JSON.stringify(body))
  return promise
}

const accountsOf = async (data: string) =>
  JSON.parse((await operate(data, 'GET', 'accounts')).bytes.toString()) as {
    name: string
    secretAccessKey: string
  }[]

test('a reset leaves the first account and its key, and is refused unless allowed', async () => {
  const data = folder()
  const guarded = await startIn(data)
  assert.equal((await operate(data, 'POST', 'reset')).status, 403)
  await guarded.close()
  const server = await startIn(data, '--allow-reset')
  try {
    const [first] = await accountsOf(data)
    await operate(data, 'POST', 'accounts', { name: 'other' })
    assert.equal((await accountsOf(data)).length, 2)
    assert.equal((await operate(data, 'POST', 'reset')).status, 200)
    assert.deepEqual(await accountsOf(data), [first])
  } finally {
    await server.close()
  }
})

test('a server that is restored from a backup has the same accounts and keys', async () => {
  const data = folder()
  const server = await startIn(data)
  await operate(data, 'POST', 'accounts', { name: 'other' })
  const before = await accountsOf(data)
  const file = join(folder(), 'backup.tar')
  writeFileSync(file, (await operate(data, 'POST', 'backup')).bytes)
  await server.close()
  const target = join(folder(), 'new')
  await restore(file, target)
  const again = await startIn(target)
  try {
    assert.deepEqual(await accountsOf(target), before)
  } finally {
    await again.close()
  }
})
