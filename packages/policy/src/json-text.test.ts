import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJson } from './json-text.ts'

test('a name with escapes is not taken for another that was read before', () => {
  parseJson(String.raw`{"sku":null,"\\u00":1}`)
  assert.deepEqual(parseJson(String.raw`{"sku":null,"\u0072ole" :"a\u0072"}`), {
    sku: null,
    role: 'ar',
  })
  parseJson(String.raw`{"item":null,"\\u":1}`)
  const text = String.raw`{"item":null,"\u540d\u524d":[{"\u540d":"\\","x":"\"\u540d\":"}]}`
  assert.deepEqual(parseJson(text), { item: null, 名前: [{ 名: '\\', x: '"名":' }] })
})

const letters = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))
const texts = fc.string({ unit: letters, maxLength: 6 })
const inAscii = (text: string) =>
  text.replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

test('whatever it says, it is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        texts.filter((name) => !/[\p{Cc}"\\]/u.test(name)),
        texts,
      ),
      (values) => {
        const text = JSON.stringify(values)
        const own = Object.entries({ ...values })
        assert.deepEqual(Object.entries(parseJson(text) as object), own)
        assert.deepEqual(Object.entries(parseJson(inAscii(text)) as object), own)
        assert.deepEqual(parseJson(JSON.stringify(text)), text)
      },
    ),
  )
})

test('what is no JSON is refused as ever', () => {
  for (const text of [
    '',
    '{',
    '"\\',
    String.raw`{"\u00":1}`,
    String.raw`{"\x":1}`,
    '"\\"'.repeat(9),
  ])
    assert.throws(() => parseJson(text), SyntaxError)
})
