import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { readYaml } from './yaml.ts'

test('YAML is read as JSON would be', () => {
  const value = {
    swagger: '2.0',
    paths: { '/a': { get: { responses: { 200: { description: 'x\ny' } } } } },
    list: [1, 2.5, true, null, 'no', []],
  }
  assert.deepEqual(readYaml(stringify(value)), JSON.parse(JSON.stringify(value)))
  assert.deepEqual(readYaml('a: &x {b: 1}\nc: *x'), { a: { b: 1 }, c: { b: 1 } })
  assert.equal(readYaml(''), null)
})

const refused: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['a fault, with its line', 'a: 1\nb: "open\n', /^the document is not YAML: line \d+: /],
  ['a key that stands twice', 'a: 1\nb: {c: 1, c: 2}', /^the key "c" stands twice$/],
  ['two documents', 'a: 1\n---\nb: 1', /more than one YAML document/],
  ['an alias of nothing', 'a: *b', /aliases/],
  ['brackets in brackets', `a: ${'['.repeat(1_000_000)}`, /nested too deeply/],
  ['keys in keys', '? '.repeat(500_000), /nested too deeply/],
  ['lines ever deeper', lines(1_000, (at) => `${' '.repeat(at)}a:`), /nested too deeply/],
  ['a fault a byte', '- '.repeat(60_000).replace('-', 'a: -'), /not YAML/],
  ['more tokens than anybody writes', `[${'a,'.repeat(400_000)}a]`, /more than 400000 tokens/],
  [
    'aliases of aliases',
    `a: &a [x, x]\n${lines(25, (at) => `${name(at + 1)}: &${name(at + 1)} [*${name(at)}, *${name(at)}]`)}`,
    /too many YAML aliases/,
  ],
]
for (const [what, text, message] of refused)
  test(`refused: ${what}`, () => {
    assert.throws(() => readYaml(text), { name: 'OpenApiError', message })
  })

test('ten thousand keys are read in time', () => {
  const begun = performance.now()
  const read = readYaml(lines(10_000, (at) => `key${at}: value`))
  assert.equal(Object.keys(read as object).length, 10_000)
  assert.ok(performance.now() - begun < 3_000)
})

function lines(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join('\n')
}

function name(at: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + at)
}
