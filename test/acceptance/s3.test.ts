import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { needs, programOf } from '../debian-packages.ts'
import { type Serving, serve, settingsOf, temporaryFolder, variablesOf } from './server.fixture.ts'

const run = promisify(execFile)
const folder = temporaryFolder()
let server: Serving
let client: S3Client
let variables: Readonly<Record<string, string>>

before(async () => {
  server = await serve(join(folder.path, 'data'))
  variables = variablesOf(server)
  client = new S3Client(settingsOf(server))
})

after(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function aws(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(programOf('awscli'), ['--endpoint-url', server.endpoint, ...args], {
    env: { PATH: '/usr/bin:/bin', HOME: folder.path, ...variables },
  })
  return stdout
}

/** Every file below, with its content's hash. */
function tree(path: string): Readonly<Record<string, string>> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(path.length), hashOf(readFileSync(file))])
      .sort(),
  )
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function plantTree(path: string): void {
  const files: Readonly<Record<string, Buffer>> = {
    'plain.txt': Buffer.from('plain\n'),
    empty: Buffer.alloc(0),
    'deep/er/est.bin': randomBytes(200_000),
    'names/with space & + %20.txt': Buffer.from('a'),
    'names/ünï-日本.txt': Buffer.from('b'),
    'large.bin': randomBytes(9 * 1024 * 1024),
  }
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true })
    writeFileSync(join(path, name), bytes)
  }
}

test('awscli makes a bucket, and objects come back as they went', needs('awscli'), async () => {
  await aws('s3', 'mb', 's3://cli')
  const file = join(folder.path, 'cli.txt')
  writeFileSync(file, 'hello\n')
  await aws('s3', 'cp', file, 's3://cli/some/key.txt')
  assert.equal(await aws('s3', 'cp', 's3://cli/some/key.txt', '-'), 'hello\n')
  assert.match(await aws('s3', 'ls', 's3://cli'), /PRE some\//)
  await assert.rejects(aws('s3', 'rb', 's3://cli'), /BucketNotEmpty/)
})

test('SDK v3 puts, gets, lists and deletes, whatever the key', async () => {
  const Bucket = 'sdk'
  await client.send(new CreateBucketCommand({ Bucket }))
  const keys = [
    '../up',
    '/',
    '//a',
    'a b+c%20',
    'ü/日本',
    'control\u0001\u001f',
    '.',
    'a//b',
    'Ω\u{10ffff}',
  ]
  for (const Key of keys) {
    const Body = Buffer.from(`body of ${Key}`)
    await client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { key: 'value' } }))
  }
  for (const Key of keys) {
    const got = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    assert.equal(await got.Body!.transformToString(), `body of ${Key}`)
    assert.deepEqual(got.Metadata, { key: 'value' })
    assert.ok(got.ChecksumCRC32)
  }
  const listed = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }))
  const shown = listed.Contents!.map(({ Key }) => decodeURIComponent(Key!.replaceAll('+', '%20')))
  const inOrder = [...keys].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  )
  assert.deepEqual(shown, inOrder)
  for (const Key of keys) await client.send(new DeleteObjectCommand({ Bucket, Key }))
  assert.equal((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0)
})

test('what is missing is called by name', async () => {
  const Bucket = 'missing'
  await client.send(new CreateBucketCommand({ Bucket }))
  await assert.rejects(client.send(new GetObjectCommand({ Bucket, Key: 'no' })), NoSuchKey)
  await assert.rejects(client.send(new HeadObjectCommand({ Bucket, Key: 'no' })), {
    name: 'NotFound',
  })
  const nowhere = new GetObjectCommand({ Bucket: 'nowhere', Key: 'no' })
  await assert.rejects(client.send(nowhere), NoSuchBucket)
})

test('a condition on a write is kept', async () => {
  const Bucket = 'conditions'
  await client.send(new CreateBucketCommand({ Bucket }))
  const put = (more: object) =>
    client.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'x', ...more }))
  const { ETag } = await put({ IfNoneMatch: '*' })
  const refused = { name: 'PreconditionFailed' }
  await assert.rejects(put({ IfNoneMatch: '*' }), refused)
  await assert.rejects(put({ IfMatch: '"another"' }), refused)
  await put({ IfMatch: ETag })
  const get = new GetObjectCommand({ Bucket, Key: 'once', IfNoneMatch: ETag })
  await assert.rejects(client.send(get), (error) => {
    assert.ok(error instanceof S3ServiceException)
    assert.equal(error.$metadata.httpStatusCode, 304)
    return true
  })
})

test('a body cut off, or with a wrong checksum, leaves nothing', async () => {
  const Bucket = 'broken'
  await client.send(new CreateBucketCommand({ Bucket }))
  const wrong = new PutObjectCommand({ Bucket, Key: 'wrong', Body: 'x', ChecksumCRC32: 'AAAAAA==' })
  await assert.rejects(client.send(wrong), { name: 'BadDigest' })
  const large = new PutObjectCommand({
    Bucket,
    Key: 'wrong',
    Body: Buffer.alloc(1_000_000),
    ContentMD5: Buffer.alloc(16).toString('base64'),
  })
  await assert.rejects(client.send(large), { name: 'BadDigest' })
  await new Promise<void>((resolve) => {
    const { hostname, port } = new URL(server.endpoint)
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `PUT /broken/cut HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(200_000)}`,
        () => socket.destroy(),
      )
    })
    socket.once('close', () => resolve())
  })
  assert.equal((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0)
  const unfinished = readdirSync(join(server.data, 'blobs', 'unfinished'))
  assert.deepEqual(unfinished, [])
})

test('a bucket takes its unfinished uploads along', async () => {
  const Bucket = 'unfinished'
  await client.send(new CreateBucketCommand({ Bucket }))
  const countFiles = () =>
    readdirSync(join(server.data, 'blobs'), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    ).length
  const before = countFiles()
  const Key = 'never'
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const Body = Buffer.alloc(100_000)
  await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }))
  assert.equal(countFiles(), before + 1)
  await client.send(new DeleteBucketCommand({ Bucket }))
  assert.equal(countFiles(), before)
})

test('s3cmd copies a tree in and out unchanged', needs('s3cmd'), async () => {
  const [from, to] = [join(folder.path, 's3cmd-from'), join(folder.path, 's3cmd-to')]
  plantTree(from)
  mkdirSync(to)
  const { host } = new URL(server.endpoint)
  const s3cmd = (...args: readonly string[]) =>
    run(
      programOf('s3cmd'),
      [
        '--config=/dev/null',
        '--no-ssl',
        `--host=${host}`,
        `--host-bucket=${host}`,
        `--access_key=${variables['AWS_ACCESS_KEY_ID']}`,
        `--secret_key=${variables['AWS_SECRET_ACCESS_KEY']}`,
        '--multipart-chunk-size-mb=5',
        '--quiet',
        ...args,
      ],
      { env: { PATH: '/usr/bin:/bin', HOME: folder.path, LC_ALL: 'C.UTF-8' } },
    )
  await s3cmd('mb', 's3://s3cmd-tree')
  await s3cmd('sync', `${from}/`, 's3://s3cmd-tree/sub/')
  await s3cmd('sync', 's3://s3cmd-tree/sub/', `${to}/`)
  assert.deepEqual(tree(to), tree(from))
})

test(
  'rclone copies a tree in and out unchanged, and finds no difference',
  needs('rclone'),
  async () => {
    const [from, to] = [join(folder.path, 'rclone-from'), join(folder.path, 'rclone-to')]
    plantTree(from)
    const remote = `:s3,provider=Other,endpoint='${server.endpoint}',chunk_size=5Mi,upload_cutoff=5Mi:rclone-tree`
    const rclone = (...args: readonly string[]) =>
      run(programOf('rclone'), ['--config=/dev/null', '--s3-env-auth', ...args], {
        env: {
          PATH: '/usr/bin:/bin',
          HOME: folder.path,
          AWS_ACCESS_KEY_ID: variables['AWS_ACCESS_KEY_ID'],
          AWS_SECRET_ACCESS_KEY: variables['AWS_SECRET_ACCESS_KEY'],
        },
      })
    await rclone('mkdir', remote)
    await rclone('copy', from, `${remote}/sub`)
    await rclone('check', '--download', from, `${remote}/sub`)
    await rclone('copy', `${remote}/sub`, to)
    assert.deepEqual(tree(to), tree(from))
  },
)

test('aws s3 sync copies a tree in and out unchanged', needs('awscli'), async () => {
  const [from, to] = [join(folder.path, 'from'), join(folder.path, 'to')]
  plantTree(from)
  await aws('s3', 'mb', 's3://tree')
  await aws('s3', 'sync', from, 's3://tree/sub', '--quiet')
  await aws('s3', 'sync', 's3://tree/sub', to, '--quiet')
  assert.deepEqual(tree(to), tree(from))
})
