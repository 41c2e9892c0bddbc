import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CrcName, combineCrcs, createCrc } from './crc.ts'

const names = ['crc32', 'crc32c', 'crc64nvme'] as const satisfies readonly CrcName[]

function checkOf(name: CrcName, ...pieces: readonly Uint8Array[]): Uint8Array {
  const crc = createCrc(name)
  for (const piece of pieces) crc.update(piece)
  return crc.digest()
}

/** @see Greg Cook, "Catalogue of parametrised CRC algorithms" (check values of `123456789`) */
const known = { crc32: 'cbf43926', crc32c: 'e3069283', crc64nvme: 'ae8b14860a799888' }

for (const name of names) {
  test(`${name} gives the published check value`, () => {
    const check = checkOf(name, Buffer.from('123456789'))
    assert.equal(Buffer.from(check).toString('hex'), known[name])
  })

  test(`${name} is the same however the bytes arrive, and combined from parts`, () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
    fc.assert(
      fc.property(pieces, (parts) => {
        const whole = checkOf(name, Buffer.concat(parts))
        assert.deepEqual(checkOf(name, ...parts), whole)
        const each = parts.map((part) => ({ digest: checkOf(name, part), size: part.length }))
        assert.deepEqual(combineCrcs(name, each), whole)
      }),
    )
  })
}

test('what does not fit at once is taken piece by piece', () => {
  const bytes = Buffer.alloc(300_001, 'some bytes, again and again; ')
  for (const name of names) {
    const parts = [0, 7, 131_072, 131_079, 262_144].map((from, index, all) =>
      bytes.subarray(from, all[index + 1]),
    )
    assert.deepEqual(checkOf(name, bytes), checkOf(name, ...parts))
    const each = parts.map((part) => ({ digest: checkOf(name, part), size: part.length }))
    assert.deepEqual(combineCrcs(name, each), checkOf(name, bytes))
  }
})
