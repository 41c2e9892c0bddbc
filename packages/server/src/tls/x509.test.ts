import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { issueCertificate } from './x509.ts'

const keys = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const issuer = { organization: 'Tests & Söhne', commonName: 'authority' }
const base = {
  issuer,
  serial: Buffer.from([1]),
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2051-01-02T03:04:05Z'),
} as const

for (const kind of ['ec', 'rsa'] as const)
  test(`OpenSSL reads and believes what a key of kind ${kind} signs`, () => {
    const authority = new X509Certificate(
      issueCertificate({
        ...base,
        subject: issuer,
        publicKey: keys[kind].publicKey,
        signedBy: keys[kind],
        use: 'authority',
      }),
    )
    const leaf = new X509Certificate(
      issueCertificate({
        ...base,
        subject: { commonName: 'leaf' },
        publicKey: keys.ec.publicKey,
        signedBy: keys[kind],
        use: 'server',
        names: ['api.example.com', '*.example.com', '127.0.0.1', '::1', 'fd00::1:0:0:2'],
      }),
    )
    assert.equal(authority.subject, 'O=Tests & Söhne\nCN=authority')
    assert.ok(authority.ca && authority.verify(keys[kind].publicKey))
    assert.ok(authority.checkIssued(authority))
    assert.ok(!leaf.ca && leaf.verify(keys[kind].publicKey) && leaf.checkIssued(authority))
    assert.equal(leaf.checkHost('other.example.com'), '*.example.com')
    assert.equal(leaf.checkHost('example.org'), undefined)
    assert.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1')
    assert.ok(leaf.checkIP('::1') && leaf.checkIP('fd00:0:0:0:1::2'))
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.deepEqual([leaf.validFromDate, leaf.validToDate], [base.notBefore, base.notAfter])
  })

test('a serial number and a name are read back as they were given', () => {
  const serials = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => {
    bytes[0] = (bytes[0]! & 0x7f) | 1
    return bytes
  })
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(
    // How Node writes those is Node's.
    (name) => !/[\\\n\r\0-\x1f,+"<>;=#/]|^ | $/.test(name),
  )
  fc.assert(
    fc.property(serials, names, (serial, commonName) => {
      const read = new X509Certificate(
        issueCertificate({
          ...base,
          subject: { commonName },
          serial,
          publicKey: keys.ec.publicKey,
          signedBy: keys.ec,
          use: 'client',
        }),
      )
      assert.equal(
        BigInt(`0x${read.serialNumber}`),
        BigInt(`0x${Buffer.from(serial).toString('hex')}`),
      )
      assert.equal(read.toLegacyObject().subject.CN, commonName)
    }),
    { numRuns: 50 },
  )
})
