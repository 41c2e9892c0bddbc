/** S3's `aws-chunked` bodies: AWS's published examples, and what must be refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createChunkDecoder } from './chunk-decoder.ts'
import { signChunk, signTrailers } from './chunk-signature.ts'
import { findSignature } from './claim.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { signRequest } from './sign.ts'
import { SignatureError, type SignatureFault } from './signature-error.ts'
import { type ChunkedPayload, verifySignature } from './verify.ts'

// Amazon S3 API Reference, "Signature calculations … multiple chunks" and "… trailing headers".
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const now = new Date('2013-05-24T00:00:00Z')
const common = [
  ['Host', 's3.amazonaws.com'],
  ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
  ['Content-Encoding', 'aws-chunked'],
  ['x-amz-decoded-content-length', '66560'],
].flat()
const parts = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1_024, 'a'), Buffer.alloc(0)]

const published = [
  {
    name: 'signed chunks',
    form: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    headers: [...common, 'Content-Length', '66824'],
    seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    chunks: [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
    trailers: undefined,
  },
  {
    name: 'signed chunks and trailer',
    form: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    headers: [...common, 'x-amz-trailer', 'x-amz-checksum-crc32c'],
    seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    chunks: [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
    trailers: {
      text: 'x-amz-checksum-crc32c:sOO8/Q==',
      signature: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    },
  },
] as const

for (const example of published) {
  test(`${example.name}: the published seed, chunk and trailer signatures come out`, () => {
    const { chunks } = admit(example)
    assert.equal(chunks.signed?.seedSignature, example.seed)
    const { key, scope, amzDate } = chunks.signed
    let previous: string = example.seed
    for (const [i, data] of parts.entries()) {
      previous = signChunk({ key, scope, amzDate, previous }, data)
      assert.equal(previous, example.chunks[i])
    }
    if (example.trailers !== undefined) {
      const link = { key, scope, amzDate, previous }
      assert.equal(signTrailers(link, `${example.trailers.text}\n`), example.trailers.signature)
    }
  })

  test(`${example.name}: decodes, however the wire is cut`, () => {
    const { chunks } = admit(example)
    const cuts = fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 8 })
    fc.assert(
      fc.property(cuts, (sizes) => {
        const { body, trailers } = decodeAll(chunks, wire(example), sizes)
        assert.deepEqual(body, Buffer.alloc(66_560, 'a'))
        assert.equal(trailers.get('x-amz-checksum-crc32c'), example.trailers && 'sOO8/Q==')
      }),
      { numRuns: 30 },
    )
    decodeAll(chunks, wire(example).subarray(-400), [], 'malformedChunk')
  })
}

const signedExample = published[0]
const trailerExample = published[1]

const refused: readonly [
  string,
  (typeof published)[number],
  (wire: string) => string,
  SignatureFault,
][] = [
  ['another byte of data', signedExample, (text) => text.replace('aaaa', 'aaab'), 'chunkMismatch'],
  [
    'another chunk signature',
    signedExample,
    (text) => text.replace('=0055', '=1055'),
    'chunkMismatch',
  ],
  [
    'another last signature',
    signedExample,
    (text) => text.replace('=b6c6', '=c6c6'),
    'chunkMismatch',
  ],
  [
    'a chunk without signature',
    signedExample,
    (text) => text.replace(/;chunk-signature=0055\w+/, ''),
    'malformedChunk',
  ],
  ['a cut end', signedExample, (text) => text.slice(0, -2), 'malformedChunk'],
  [
    'no last chunk',
    signedExample,
    (text) => text.slice(0, text.lastIndexOf('0;')),
    'malformedChunk',
  ],
  ['something after its end', signedExample, (text) => `${text}x`, 'malformedChunk'],
  [
    'a size that is no number',
    signedExample,
    (text) => text.replace('400;', '4g0;'),
    'malformedChunk',
  ],
  [
    'a size larger than announced',
    signedExample,
    (text) => text.replace('400;', '500;'),
    'malformedChunk',
  ],
  ['bare line feeds', signedExample, (text) => text.replace('\r\n', '\n'), 'malformedChunk'],
  ['an endless line', signedExample, () => 'a'.repeat(10_000), 'malformedChunk'],
  [
    'another trailer value',
    trailerExample,
    (text) => text.replace('sOO8', 'tOO8'),
    'chunkMismatch',
  ],
  [
    'another trailer',
    trailerExample,
    (text) => text.replace('crc32c', 'sha256'),
    'malformedTrailer',
  ],
  [
    'a trailer too many',
    trailerExample,
    (text) => text.replace('x-amz-trailer-', 'x-more:1\r\nx-amz-trailer-'),
    'malformedTrailer',
  ],
  [
    'an unsigned trailer',
    trailerExample,
    (text) => text.replace(/x-amz-trailer-signature.*\r\n/, ''),
    'malformedTrailer',
  ],
  [
    'a trailer that was not announced',
    signedExample,
    (text) => text.replace(/\r\n$/, 'x-a:1\r\n\r\n'),
    'malformedChunk',
  ],
]

for (const [what, example, change, fault] of refused) {
  test(`${example.name}: refused with ${what}`, () => {
    const changed = Buffer.from(change(wire(example).toString('latin1')), 'latin1')
    decodeAll(admit(example).chunks, changed, [], fault)
  })
}

const unsigned: ChunkedPayload = {
  hasTrailer: true,
  trailers: ['x-amz-checksum-crc32'],
  decodedLength: 5,
}

test('the unsigned trailer form decodes', () => {
  const text = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'
  const { body, trailers } = decodeAll(unsigned, Buffer.from(text), [1, 1, 3])
  assert.equal(body.toString(), 'hello')
  assert.deepEqual([...trailers], [['x-amz-checksum-crc32', 'NhCmhg==']])
})

test('the unsigned trailer form refuses a body shorter than announced', () => {
  const text = '4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'
  decodeAll(unsigned, Buffer.from(text), [], 'malformedChunk')
})

test('a chunk larger than announced is refused before its data is read', () => {
  const decoder = createChunkDecoder(unsigned)
  assert.throws(() => decoder.push(Buffer.from('6\r\n')), { fault: 'malformedChunk' })
})

test('a chunk below 8192 bytes may only be the last', () => {
  const text = '2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'
  decodeAll(unsigned, Buffer.from(text), [], 'smallChunk')
})

test('where nobody verifies, chunks are read whether they are signed or not', () => {
  const unverified = {
    isUnverified: true,
    hasTrailer: false,
    trailers: [],
    decodedLength: 5,
  } as const
  const signature = `;chunk-signature=${'0'.repeat(64)}`
  for (const claimed of [signature, '']) {
    const decoder = createChunkDecoder(unverified)
    const pieces = decoder.push(Buffer.from(`5${claimed}\r\nhello\r\n0${claimed}\r\n\r\n`))
    assert.equal(Buffer.concat(pieces).toString(), 'hello')
    decoder.finish()
  }
})

test('whatever the bytes, the decoder throws nothing but SignatureError', () => {
  const soup = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.constantFrom('5\r\n', 'hello', '\r\n', '0\r\n', 'x-amz-checksum-crc32:1', ';', 'ff'),
      )
      .map((pieces) => new Uint8Array(Buffer.from(pieces.join('')))),
  )
  fc.assert(
    fc.property(soup, (bytes) => {
      const decoder = createChunkDecoder(unsigned)
      try {
        decoder.push(bytes)
        decoder.finish()
      } catch (error) {
        assert.ok(error instanceof SignatureError)
      }
    }),
    { numRuns: 2_000 },
  )
})

function admit({ headers, form, seed }: (typeof published)[number]) {
  const message: HttpMessage = {
    method: 'PUT',
    rawPath: '/examplebucket/chunkObject.txt',
    rawQuery: '',
    headers: [...headers],
  }
  const options = { region: 'us-east-1', service: 's3', now, payloadHash: form }
  const signed = {
    ...message,
    headers: [...headers, ...signRequest(message, credentials, options)],
  }
  const claim = findSignature(signed)
  assert.equal(claim?.signature, seed)
  const payload = verifySignature(signed, claim, {
    secretAccessKey: credentials.secretAccessKey,
    now,
    bodySha256: 'streamed',
    rules: serviceRules('s3', 'us-east-1'),
  })
  assert.equal(payload.form, 'chunked')
  return payload
}

function wire({ chunks, trailers }: (typeof published)[number]): Buffer {
  const pieces: (string | Buffer)[] = []
  for (const [i, data] of parts.entries()) {
    pieces.push(`${data.length.toString(16)};chunk-signature=${chunks[i]}\r\n`, data)
    if (data.length > 0) pieces.push('\r\n')
  }
  if (trailers !== undefined) {
    pieces.push(`${trailers.text}\r\nx-amz-trailer-signature:${trailers.signature}\r\n`)
  }
  return Buffer.concat([...pieces, '\r\n'].map((piece) => Buffer.from(piece)))
}

function decodeAll(
  chunks: ChunkedPayload,
  bytes: Uint8Array,
  cuts: readonly number[],
  fault?: SignatureFault,
) {
  const decoder = createChunkDecoder(chunks)
  const out: Uint8Array[] = []
  let trailers: ReadonlyMap<string, string> = new Map()
  const run = () => {
    let at = 0
    for (const size of [...cuts, bytes.length]) {
      out.push(...decoder.push(bytes.subarray(at, at + size)))
      at += size
    }
    trailers = decoder.finish()
  }
  if (fault === undefined) run()
  else assert.throws(run, { name: 'SignatureError', fault })
  return { body: Buffer.concat(out), trailers }
}
