import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { launcher, root, sekisho, serve, temporaryFolder } from './server.fixture.ts'

test('it says when it is ready, and serves', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  assert.match(server.endpoint, /^http:\/\/127\.0\.0\.1:\d+$/)
  const response = await fetch(`${server.endpoint}/_sekisho/ready`)
  assert.equal(response.status, 200)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} ends it with 0`, async () => {
    using folder = temporaryFolder()
    await using server = await serve(folder.path)
    assert.equal(await server.stop(signal), 0)
  })

test('a signal that arrives twice, as npm passes it on, lets open requests end; a later one does not', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const socket = connect(Number(new URL(server.endpoint).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  // A request that does not end keeps the server from ending.
  socket.write('POST /restapis HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{')
  await wait(100)
  const exit = once(server.process, 'exit')
  server.process.kill('SIGINT')
  await wait(50)
  server.process.kill('SIGINT')
  await wait(600)
  assert.equal(server.process.exitCode, null)
  server.process.kill('SIGINT')
  assert.deepEqual(await exit, [1, null])
  socket.destroy()
})

test('a second server on the same folder is refused', async () => {
  using folder = temporaryFolder()
  await using _server = await serve(folder.path)
  const second = sekisho(['start', '--port', '0', '--data', folder.path])
  assert.equal(second.status, 1)
  assert.match(second.stderr, /^sekisho: .*\n$/)
})

test('a port in use is named', async () => {
  using folder = temporaryFolder()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const { status, stderr } = sekisho(['start', '--port', String(port), '--data', folder.path])
  other.close()
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`^sekisho: port ${port} of 127.0.0.1 is in use;.*\n$`))
})

test('a data folder that cannot be one is named', () => {
  const { status, stderr } = sekisho(['start', '--port', '0', '--data', launcher])
  assert.equal(status, 1)
  assert.match(stderr, /^sekisho: `.*sekisho\.mjs` is no folder;.*\n$/)
})

test('bad settings end with 2 and one sentence', () => {
  for (const args of [
    ['--port', 'x'],
    ['--prot', '1'],
    ['--iam', 'soft', '--host', '0.0.0.0'],
  ]) {
    const { status, stderr } = sekisho(['start', ...args])
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, /^sekisho: [^\n]+\n$/)
  }
})

const systemNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
)

test('another Node goes on with the pinned one: exit code and output pass through', {
  skip: systemNode === undefined && 'needs another Node on this machine',
}, () => {
  const { status, stdout } = spawnSync(systemNode!, [launcher, 'help'], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /^sekisho VERB/)
  assert.equal(spawnSync(systemNode!, [launcher, 'prove']).status, 2)
})

test('a server that npx runs ends with npx', async () => {
  using folder = temporaryFolder()
  const args = ['sekisho', 'start', '--port', '0', '--data', folder.path]
  const npx = spawn('npx', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(npx, 'close')
  const [line] = await once(createInterface({ input: npx.stdout }), 'line')
  assert.match(line, /^sekisho ready at /)
  npx.kill('SIGTERM')
  // Its end of the pipe closes with the last process that has it: the server.
  await closed
  await assert.rejects(fetch(`${line.slice('sekisho ready at '.length)}/_sekisho/health`))
})
