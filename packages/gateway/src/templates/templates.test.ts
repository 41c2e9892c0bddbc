import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TemplateInput, templateUtil } from './functions.ts'
import { findJson } from './json-path.ts'
import { parseTemplate } from './parse.ts'
import { render } from './render.ts'

const body =
  '{"name":"Ann","tags":["a","b"],"pets":[{"kind":"dog"},{"kind":"cat"}],"none":null,"n":7,"empty":[]}'
const variables = () =>
  new Map<string, unknown>([
    [
      'input',
      new TemplateInput({
        body,
        path: { id: '42' },
        querystring: { id: 'query', q: 'x' },
        header: { 'X-Own': 'h' },
      }),
    ],
    ['util', templateUtil],
    ['context', { stage: 'prod', identity: { sourceIp: '11.22.33.44' } }],
    ['stageVariables', { base: 'v1' }],
  ])
const rendered = (template: string) => render(parseTemplate(template), variables())

/** What a template prints; where the platform differs from what one would think, the row says so. */
const rows: readonly (readonly [template: string, printed: string])[] = [
  ['plain text, 100 % and $ alone', 'plain text, 100 % and $ alone'],
  ["$input.path('$.name')", 'Ann'],
  ["$input.json('$.name')", '"Ann"'],
  ["$input.json('$.missing')", '""'],
  ["$input.path('$.missing')", ''],
  ["$input.path('$.none')", ''],
  ['$context.authorizer.claims.sub|$context.authorizer.size()', '|$context.authorizer.size()'],
  ["$input.path('$.tags')", '["a","b"]'],
  ["$input.path('$.empty')", '[]'],
  ["$input.path('$.pets[0]')", '{kind=dog}'],
  ["$input.path('$.pets')", '[{"kind":"dog"},{"kind":"cat"}]'],
  ["$input.path('$.pets[*].kind')", '["dog","cat"]'],
  ["$input.path('$..kind')", '["dog","cat"]'],
  ['$input.body.name', ''],
  ["$input.params('id')", '42'],
  ["$input.params('q')/$input.params('X-Own')/$input.params('none')", 'x/h/'],
  ['$input.params().path.id', '42'],
  [
    '$context.identity.sourceIp ${stageVariables.base} $stageVariables["base"]',
    '11.22.33.44 v1 v1',
  ],
  ['$undefined $!undefined ${undefined.x}', '$undefined  ${undefined.x}'],
  ['#set($a-b = 3)$a-b', '3'],
  ['#set($x = 1)#set($x = $none)$x', '1'],
  ['#if("")yes#{else}no#end', 'yes'],
  ['#if($input.path(\'$.missing\') == "")yes#end', 'yes'],
  ['#if(1 == 1 && !(2 > 3))a#elseif(true)b#{else}c#end', 'a'],
  ['#if($context.none)a#elseif($context.stage == "prod")b#{else}c#end', 'b'],
  ["#foreach($pet in $input.path('$.pets'))$pet.kind#if($foreach.hasNext), #end#end", 'dog, cat'],
  ['#foreach($i in [1..5])#if($i == 4)#break#end$i#end', '123'],
  [
    '#foreach($i in [7, 8])$velocityCount#if($velocityHasNext),#end#end$velocityCount',
    '1,2$velocityCount',
  ],
  ['before#stop after', 'before'],
  ['#define($d)x$a#end$d#set($a = 2)$d', 'x$ax2'],
  ['#define($d)$missing.b#end"$d" $!d $d.x', '"$missing.b" $missing.b '],
  ['#set($_l = [1])#set($_ = $_l.add(2))$_l', '[1,2]'],
  ['#set($l = [1, 2, 3])#set($x = $l.remove(0))$x $l $l.indexOf(3)', '1 [2,3] 1'],
  ['#set($l = ["a"])#set($x = $l.addAll(["b"]))#set($x = $l.set(0, "c"))$l', '["c","b"]'],
  ['#set($l = ["a"])#foreach($i in [1..18])#set($x = $l.addAll($l))#end$l.size()', '262144'],
  ['#set($m = {"a": 1})#set($x = $m.remove("a"))$x $m.size() $m.getOrDefault("a", 5)', '1 0 5'],
  ['#set($m = {"a": 1})$!m.putAll({"b": 2})$m', '{a=1, b=2}'],
  ['#set($m = {"a": 1})$m.put("b", 2)$m.b', '$m.put("b", 2)2'],
  ['#set($l = [1, 2])#set($ignored = $l.add(3))$l.size()', '3'],
  ['#set($s = "x")"$s and ${s}y"', '"x and xy"'],
  ["#set($s = 'x $s')$s", 'x $s'],
  ['#set($n = 7 / 2)$n #set($r = 7 % 2)$r #set($p = 2 + 3 * 4)$p', '3 1 14'],
  ['## a comment\nkept #* gone *#too', 'kept too'],
  ['$util.escapeJavaScript("it\'s")', "it\\'s"],
  ["$util.urlEncode('a b&c') $util.urlDecode('a+b%26c')", 'a+b%26c a b&c'],
  ["$util.base64Encode('hi') $util.base64Decode('aGk=')", 'aGk= hi'],
  ['$util.parseJson(\'{"a":[1,2]}\').a[1]', '2'],
  ["$input.path('$.name').toUpperCase().substring(0, 2)", 'AN'],
  ["$input.path('$.name').replaceAll('[A-Z]', '_')", '_nn'],
  ["#set($s = 'a1b22c')$s.replaceAll('([a-z])(\\d+)', '$2$1.')", '1a.22b.c'],
  ["#set($s = 'a-b-c')$s.replaceFirst('-', '\\$')", 'a$b-c'],
  ["#set($s = 'a,b,,')$s.split(',')", '["a","b"]'],
  ["#set($s = 'abc')$s.matches('a.') $s.matches('a.*')", 'false true'],
  ["#set($s = 'aaa')$s.replaceAll('a*?', '-')", '-a-a-a-'],
  ['$util.escapeJavaScript("it\'s").replaceAll("\\\\\'", "\'")', "it's"],
  ["#set($l = [1, {'a': 'b'}])$l", '[1,{"a":"b"}]'],
]
for (const [template, printed] of rows)
  test(`${JSON.stringify(template)} prints ${JSON.stringify(printed)}`, () => {
    assert.equal(rendered(template), printed)
  })

for (const template of [
  '#if(1)',
  '#end',
  '#set($x 1)',
  '#foreach($x of [1])#end',
  "#set($x = 'open)",
  '#set($x = 7-2)',
  '#else',
])
  test(`${JSON.stringify(template)} is no template`, () => {
    assert.throws(() => rendered(template), { name: 'TemplateError' })
  })

const explosions = [
  '#foreach($i in [1..1001])x#end',
  '#foreach($i in [1..1000])#foreach($j in [1..1000])x#end#end',
  '#set($x = "0123456789")#foreach($i in [1..40])#set($x = "$x$x")#end$x',
  `#set($x = ${'('.repeat(2_000)}1${')'.repeat(2_000)})`,
  '#if(true)'.repeat(500) + '#end'.repeat(500),
  '#set($x = "ab")#foreach($i in [1..60])#set($x = $x.concat($x))#end',
  '#set($x = "ab")#foreach($i in [1..60])#set($x = $x + $x)#end',
  '#set($x = "ab")#foreach($i in [1..60])#set($x = $x.replace("a", $x))#end',
  '#set($x = "ab")#foreach($i in [1..60])#set($x = $x.replaceAll("a", $x))#end',
  '#set($x = [1])#foreach($i in [1..60])#set($x = [$x, $x])#end$x',
  '#set($x = {"a": 1})#foreach($i in [1..60])#set($x = {"a": $x, "b": $x})#end$x',
  '#set($x = [1])#foreach($i in [1..60])#set($x = [$x, $x])#end#if($x == $x)#end',
  '#set($x = [])#set($y = $x.add($x))$x',
  '#set($x = {})$x.put("a", $x)$x',
  '#define($x)a$x#end$x',
  `#define($x0)${'a'.repeat(10_000)}#end${Array.from({ length: 19 }, (_, at) => `#define($x${at + 1})$x${at}$x${at}#end`).join('')}$x19`,
  `#set($x = "${'a'.repeat(40)}!")#foreach($i in [1..1000])$x.matches("(?:(?=.*b)a)*a*c")$x.replaceAll("(a|a)*b", "")#end${'#foreach($i in [1..1000])$x.replaceAll("(?:a?){50}a{50}", "")#end'.repeat(20)}`,
]
for (const [at, template] of explosions.entries())
  test(`a template that explodes is stopped (${at})`, () => {
    assert.throws(() => rendered(template), { name: 'TemplateError' })
  })

/** As deploy tools write it for functions that are given more than the body. */
const whole = `#define( $loop )
  {
  #foreach($key in $map.keySet())
      #set( $k = $util.escapeJavaScript($key) )
      #set( $v = $util.escapeJavaScript($map.get($key)).replaceAll("\\\\'", "'") )
      "$k": "$v"
      #if( $foreach.hasNext ) , #end
  #end
  }
#end
{
  "body": $input.json("$.tags"),
  "principalId": "$context.authorizer.principalId",
  #set( $map = $context.authorizer )
  "enhancedAuthContext": $loop,
  #set( $map = $input.params().querystring )
  "query": $loop,
  #set( $map = $context.identity )
  "identity": $loop,
  #set( $map = $stageVariables )
  "stageVariables": $loop
}`

test('one block writes map after map', () => {
  assert.deepEqual(JSON.parse(rendered(whole)), {
    body: ['a', 'b'],
    principalId: '',
    enhancedAuthContext: {},
    query: { id: 'query', q: 'x' },
    identity: { sourceIp: '11.22.33.44' },
    stageVariables: { base: 'v1' },
  })
})

/** As deploy tools write it for forms. */
const form = `#define( $body )
  {
  #foreach( $token in $input.path('$').split('&') )
    #set( $keyVal = $token.split('=') )
    #set( $keyValSize = $keyVal.size() )
    #if( $keyValSize >= 1 )
      #set( $key = $util.escapeJavaScript($util.urlDecode($keyVal[0])) )
      #if( $keyValSize >= 2 )
        #set( $val = $util.escapeJavaScript($util.urlDecode($keyVal[1])).replaceAll("\\\\'", "'") )
      #else
        #set( $val = '' )
      #end
      "$key": "$val"#if($foreach.hasNext),#end
    #end
  #end
  }
#end
{"body": $body, "whole": $input.json('$'), "part": $input.json('$.a')}`

test('a form is a text, which templates take apart', () => {
  const source = { path: {}, querystring: {}, header: {} }
  const input = new TemplateInput({ ...source, body: "a=b+c&d=%22e'&f" })
  const text = render(
    parseTemplate(form),
    new Map([
      ['input', input],
      ['util', templateUtil],
    ]),
  )
  assert.deepEqual(JSON.parse(text), {
    body: { a: 'b c', d: '"e\'', f: '' },
    whole: "a=b+c&d=%22e'&f",
    part: '',
  })
})

test('what begins as JSON and is none has nothing in it', () => {
  const source = { path: {}, querystring: {}, header: {} }
  const input = new TemplateInput({ ...source, body: '{"a": ' })
  const text = render(
    parseTemplate("[$input.path('$')]$input.json('$')"),
    new Map([['input', input]]),
  )
  assert.equal(text, '[]""')
})

test('whatever a template is, it renders or is refused as one', () => {
  const piece = fc.constantFrom(
    '#if(',
    '#end',
    '#set($x = ',
    ')',
    '$x',
    '${',
    '}',
    '#foreach($i in ',
    '[1..3]',
    '"',
    "'",
    '.y',
    '(',
    '1',
    '-',
    '#else',
    '#*',
    '*#',
    ' ',
    '{',
    '$input.json(',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      try {
        rendered(pieces.join(''))
      } catch (error) {
        assert.equal((error as Error).name, 'TemplateError')
      }
    }),
    { numRuns: 2_000 },
  )
})

test('an expression that looks for trouble finds none', () => {
  const slow = `#set($s = "${'a'.repeat(5_000)}!")$s.matches('(a+)+') $s.replaceAll('(a+)+$', '').length() $s.split('(a|aa)+$').size()`
  assert.equal(rendered(slow), 'false 5001 1')
  assert.throws(() => rendered("$input.path('$.name').matches('(a)\\1')"), {
    name: 'TemplateError',
  })
})

test('nothing of a template reaches into the platform', () => {
  for (const template of [
    '$input.constructor',
    '$context.__proto__',
    '$util.constructor("x")',
    '$context.identity.constructor',
  ])
    assert.doesNotMatch(rendered(template), /function|native|class|\[object/)
  assert.throws(() => rendered('#set($context.__proto__.x = 1)'), { name: 'TemplateError' })
  rendered('#set($context["__proto__"] = {"x": 1})')
  assert.equal(({} as Record<string, unknown>)['x'], undefined)
})

test('JSONPath finds what is there and nothing of an object beyond its own members', () => {
  const json = JSON.parse(body)
  assert.equal(findJson(json, '$.pets[1].kind'), 'cat')
  assert.equal(findJson(json, "$['name']"), 'Ann')
  assert.equal(findJson(json, '$.constructor'), undefined)
  assert.equal(findJson(json, '$.pets[-1].kind'), 'cat')
  assert.equal(findJson(json, 'name'), undefined)
})

const searches = ['$list.indexOf("z")', '$list.remove("z")', '$one.equalsIgnoreCase($text)']
for (const search of searches)
  test(`${search} is work as long as what it looks through`, () => {
    const again = (body: string, often = 40) => `#foreach($i in [1..${often}])${body}#end`
    const template =
      '#set($list = ["a"])#set($text = "a")#set($one = "a")' +
      again('#set($done = $list.addAll($list))#set($text = $text + $text)', 17) +
      again(again(search))
    assert.throws(() => rendered(template), /takes too much work/)
  })
