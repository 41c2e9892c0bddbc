import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenFiles } from './open-files.ts'

function folderOf(count: number, bytes = 10): { readonly paths: readonly string[] } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-files-'))
  const paths = Array.from({ length: count }, (_, at) => join(folder, String(at)))
  for (const path of paths) writeFileSync(path, Buffer.alloc(bytes, path.at(-1)))
  return { paths, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

const whole = async (files: OpenFiles, path: string, start = 0, end?: number) => {
  const pieces = await files.read(path, start, end)
  return pieces && Buffer.concat(await Array.fromAsync(pieces))
}

/** Descriptors of this process that lead there. */
const openAt = (paths: readonly string[]) =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`)
      return paths.some((path) => target.startsWith(path))
    } catch {
      return false
    }
  }).length

/** Closed behind whoever read last. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(2)
}

const onLinux = { skip: process.platform !== 'linux' && 'counts descriptors in /proc' }

test('only so many files stay open, however many are read at once', onLinux, async () => {
  using folder = folderOf(200)
  const files = new OpenFiles()
  for (let round = 0; round < 3; round++)
    await Promise.all(folder.paths.map((path) => whole(files, path)))
  await until(() => openAt(folder.paths) <= 64)
  await files[Symbol.asyncDispose]()
  assert.equal(openAt(folder.paths), 0)
})

test(
  'what is deleted is read to its end by who had begun, and by nobody after',
  onLinux,
  async () => {
    using folder = folderOf(1, 3 * 512 * 1024)
    const [path] = folder.paths as [string]
    await using files = new OpenFiles()
    const pieces = (await files.read(path, 0))!
    const reader = pieces[Symbol.asyncIterator]()
    const first = await reader.next()
    await files.forget(path)
    rmSync(path)
    assert.equal(await files.read(path, 0), undefined)
    let size = (first.value as Uint8Array).length
    for (let next = await reader.next(); !next.done; next = await reader.next())
      size += next.value.length
    assert.equal(size, 3 * 512 * 1024)
    await until(() => openAt([path]) === 0)
  },
)

test('who leaves early, or never begins, keeps nothing open', onLinux, async () => {
  using folder = folderOf(1, 3 * 512 * 1024)
  const [path] = folder.paths as [string]
  await using files = new OpenFiles()
  for await (const _ of (await files.read(path, 0))!) break
  ;(await files.read(path, 0))!.destroy()
  await files.forget(path)
  assert.equal(openAt([path]), 0)
})

test('a part is what lies between its ends', async () => {
  using folder = folderOf(1)
  await using files = new OpenFiles()
  const [path] = folder.paths as [string]
  writeFileSync(path, '0123456789')
  assert.equal(String(await whole(files, path, 2, 5)), '234')
  assert.equal(String(await whole(files, path, 8)), '89')
  assert.equal(String(await whole(files, path, 10)), '')
})
