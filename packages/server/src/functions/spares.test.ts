import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunnableFunction } from '@sekisho/services'
import { isolated } from '../../../../test/debian-packages.ts'
import { confinedOf } from './confined.ts'
import { Environment } from './environment.ts'
import { type Begun, beginProcess } from './process.ts'
import { familyOf, type Interpreter } from './runtimes.ts'
import { type Confine, confineNothing, confineWithBubblewrap, findBubblewrap } from './sandbox.ts'
import { openSocketPlace } from './socket-place.ts'
import { type Shape, Spares } from './spares.ts'

const python: string = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim()

const interpreters: Readonly<Record<string, Interpreter>> = {
  'nodejs22.x': { path: process.execPath, folders: [], says: 'Node' },
  'python3.12': { path: python, folders: [], says: 'Python' },
  'provided.al2023': { path: process.execPath, folders: [], says: 'Node' },
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !isSo(); await sleep(5))
    assert.ok(Date.now() < deadline, 'in vain')
}

/** Spares of one runtime in a folder of the test's own, and a package for them. */
function begin(runtime = 'nodejs22.x', confine: Confine = confineNothing) {
  const data = mkdtempSync(join(tmpdir(), 'sekisho-spares-'))
  const folder = join(data, 'functions')
  const task = join(data, 'package')
  for (const each of [folder, task]) mkdirSync(each)
  const place = openSocketPlace(join(data, 'sockets'))
  // What is mounted has to be there.
  writeFileSync(place.path, '')
  const mode = confine === confineNothing ? 'unsafe' : 'isolated'
  const begun: Begun[] = []
  const family = familyOf(runtime)!
  const spares = new Spares({
    folder,
    isBusy: () => false,
    async begin(shape, codeFolder) {
      const given = {
        shape,
        interpreter: interpreters[runtime]!,
        isSpare: true,
        task: codeFolder,
        variables: {},
      }
      const confined = confinedOf(given, { mode, network: 'none', socket: place, port: () => 0 })
      begun.push(beginProcess(confine(confined)))
      return begun.at(-1)!
    },
  })
  const shapeOf = (memoryMb: number): Shape => ({ family, memoryMb, ephemeralStorageMb: 512 })
  return {
    data,
    task,
    spares,
    begun,
    shapeOf,
    folders: () => readdirSync(folder),
    async waiting(memoryMb: number) {
      const before = begun.length
      spares.prepare(shapeOf(memoryMb))
      await until(() => begun.length > before)
      await sleep(5)
    },
    async [Symbol.asyncDispose]() {
      spares.close()
      await until(() => readdirSync(folder).length === 0)
      place[Symbol.dispose]()
      rmSync(data, { recursive: true })
    },
  }
}

/** What the first event of an environment is answered with. */
async function ask(begun: Begun, event: object): Promise<Record<string, unknown>> {
  const environment = new Environment({
    fn: { timeoutSeconds: 20, memoryMb: 512, version: '1', runtime: 'r' } as RunnableFunction,
    begun,
    logStream: 'stream',
    interpreter: 'i',
    log: () => {},
    now: Date.now,
    onEnd: () => {},
  })
  await environment.ready
  const bytes = Buffer.from(JSON.stringify(event))
  const { payload } = await environment.invoke({ requestId: 'r', invokedArn: 'a', event: bytes })
  environment.kill()
  return JSON.parse(String(payload))
}

const handlers = {
  'nodejs22.x': [
    'index.mjs',
    `import { other } from './deep/other.mjs'
     export const handler = async () => ({ secret: process.env.SECRET, other })`,
    'deep/other.mjs',
    'export const other = 1',
  ],
  'python3.12': [
    'index.py',
    `import os
from deep.other import other
def handler(event, context):
    return {"secret": os.environ["SECRET"], "other": other}`,
    'deep/other.py',
    'other = 1',
  ],
  'provided.al2023': [
    'bootstrap',
    `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
for (;;) {
  const next = await fetch(base + 'next')
  const { other } = await import('./deep/other.mjs')
  const body = JSON.stringify({ secret: process.env.SECRET, other })
  await fetch(base + next.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body })
}`,
    'deep/other.mjs',
    'export const other = 1',
  ],
} as const

for (const [runtime, [file, code, otherFile, otherCode]] of Object.entries(handlers))
  test(`an interpreter that waits becomes a function of ${runtime}, once`, async () => {
    await using own = begin(runtime)
    mkdirSync(join(own.task, 'deep'))
    writeFileSync(join(own.task, file), code, { mode: 0o755 })
    writeFileSync(join(own.task, otherFile), otherCode)
    symlinkSync(file, join(own.task, 'linked'))
    const root = () => join(own.data, 'functions', own.folders()[0]!)
    const take = () =>
      own.spares.take(own.shapeOf(128), own.task, {
        LAMBDA_TASK_ROOT: root(),
        _HANDLER: 'index.handler',
        SECRET: 'said once it was known',
        SEKISHO_FORWARD_PORT: '0',
      })
    await own.waiting(128)
    const [first, second] = await Promise.all([take(), take()])
    assert.ok(first)
    assert.equal(second, undefined)
    assert.deepEqual(await ask(first, {}), { secret: 'said once it was known', other: 1 })
    assert.equal(await own.spares.take(own.shapeOf(256), own.task, {}), undefined)
  })

test('a package that is too large leaves who waits alone', async () => {
  await using own = begin()
  for (let at = 0; at <= 300; at++) writeFileSync(join(own.task, `${at}.js`), '')
  await own.waiting(128)
  assert.equal(await own.spares.take(own.shapeOf(128), own.task, {}), undefined)
  rmSync(own.task, { recursive: true })
  mkdirSync(`${own.task}-small`)
  const taken = await own.spares.take(own.shapeOf(128), `${own.task}-small`, {})
  assert.ok(taken)
  taken.child.once('exit', taken.release)
  taken.child.kill('SIGKILL')
})

test('whoever has ended while he waited is taken by nobody, and leaves nothing', async () => {
  await using own = begin()
  await own.waiting(128)
  own.begun[0]!.child.kill('SIGKILL')
  await until(() => own.folders().length === 0)
  assert.equal(await own.spares.take(own.shapeOf(128), own.task, {}), undefined)
})

test('of many shapes the latest wait', async () => {
  await using own = begin()
  for (let memoryMb = 128; memoryMb < 134; memoryMb++) await own.waiting(memoryMb)
  await until(() => own.folders().length === 4)
  assert.deepEqual(
    own.begun.map(({ child }) => child.killed || child.signalCode !== null),
    [true, true, false, false, false, false],
  )
  own.spares.reap(0)
  await until(() => own.folders().length === 0)
})

test('who waited sees no more than who was begun for his function', isolated, async () => {
  const bubblewrap = findBubblewrap(process.env['PATH'] ?? '')!
  await using own = begin(
    'nodejs22.x',
    confineWithBubblewrap(bubblewrap, process.env['PATH'] ?? ''),
  )
  writeFileSync(
    join(own.task, 'index.js'),
    `const fs = require('node:fs')
     const tried = (work) => { try { return String(work()) } catch (error) { return error.code } }
     exports.handler = async ({ data }) => ({
       task: fs.readdirSync('/var/task'), own: tried(() => fs.writeFileSync('/var/task/x', 'x')),
       change: tried(() => fs.appendFileSync('/var/task/index.js', 'x')), data: tried(() => fs.readdirSync(data)),
       runtime: tried(() => fs.writeFileSync('/var/runtime/x', 'x')), tmp: tried(() => fs.readdirSync('/tmp')),
       environment: Object.keys(process.env).filter((each) => each.includes('SEKISHO')),
     })`,
  )
  await own.waiting(128)
  const taken = await own.spares.take(own.shapeOf(128), own.task, {
    LAMBDA_TASK_ROOT: '/var/task',
    _HANDLER: 'index.handler',
  })
  assert.deepEqual(await ask(taken!, { data: own.data }), {
    task: ['index.js'],
    own: 'EROFS',
    change: 'EROFS',
    data: 'ENOENT',
    runtime: 'EROFS',
    tmp: '',
    environment: [],
  })
})
