import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { residentMb } from './memory.ts'

/** A Python process that has done what it was told, and waits; it ends with the test. */
async function having(code: string): Promise<{ readonly pid: number } & Disposable> {
  const child = spawn('python3', ['-c', `import os, sys\n${code}\nprint('so')\nsys.stdin.read()`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  await once(child.stdout, 'data')
  return { pid: child.pid!, [Symbol.dispose]: () => process.kill(-child.pid!, 'SIGKILL') }
}

const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' }

test('what forks share is counted once', onLinux, async () => {
  using forked = await having(`kept = bytearray(b'x' * (100 << 20))
for _ in range(5):
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)`)
  const megabytes = residentMb(forked.pid)
  assert.ok(megabytes > 100 && megabytes < 200, String(megabytes))
})

test('a file in memory counts, whether or not it is mapped, and once', onLinux, async () => {
  using writing = await having(`import mmap
file = os.memfd_create('x')
for _ in range(150): os.write(file, b'x' * (1 << 20))
other = os.memfd_create('y')
os.write(other, b'y' * (50 << 20))
mapped = mmap.mmap(other, 50 << 20)
mapped.read()
again = os.dup(file)`)
  const megabytes = residentMb(writing.pid)
  assert.ok(megabytes > 200 && megabytes < 280, String(megabytes))
})

test('nobody holds nothing', onLinux, () => {
  assert.equal(residentMb(2 ** 22 + 1), 0)
})
