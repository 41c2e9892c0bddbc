import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFrontDoor, type Road } from './front-door.ts'

const door = createFrontDoor(['gateway.internal'])
const api = (
  apiId: string,
  stageName: string,
  path: string,
  region: string | undefined = undefined,
): Road => ({ road: 'execute-api', apiId, region, stageName, path })
const aws: Road = { road: 'aws-api' }
const misdirected: Road = { road: 'misdirected' }
const domain = (host: string, otherwise: Road = misdirected): Road => ({
  road: 'domain',
  host,
  otherwise,
})

const here = 'abc123.execute-api.us-east-1.localhost'

/** Host, path, road. The socket's own address is 192.168.1.5. */
const rows: readonly (readonly [host: string, path: string, road: Road])[] = [
  ['127.0.0.1:4566', '/', aws],
  ['127.0.0.1', '/restapis', aws],
  ['localhost:4566', '/', aws],
  ['LOCALHOST', '/', aws],
  ['localhost.', '/', aws],
  ['[::1]:4566', '/', aws],
  ['127.0.0.9', '/', aws],
  ['192.168.1.5:80', '/', aws],
  ['192.168.1.6', '/', misdirected],
  ['gateway.internal:4566', '/', aws],
  ['foo.localhost', '/', aws],
  [
    'a1b2.lambda-url.eu-west-1.localhost:4566',
    '/_sekisho/health',
    { road: 'function-url', urlId: 'a1b2', region: 'eu-west-1' },
  ],
  ['127.0.0.1', '/_aws/lambda/code/1/a/b/f.zip', { road: 'function-code', link: '1/a/b/f.zip' }],
  // Names that may be somebody's custom domain are misdirected where they are nobody's.
  ['evil.example', '/', domain('evil.example')],
  ['localhost.evil.example', '/', domain('localhost.evil.example')],
  ['127.0.0.1.nip.io', '/', domain('127.0.0.1.nip.io')],
  ['evil.example', '/_sekisho/health', domain('evil.example')],
  ['API.Shop.Example.:443', '/a', domain('api.shop.example')],
  ['api.shop.localhost:4566', '/a', domain('api.shop.localhost', aws)],
  ['evil', '/', misdirected],
  ['1.2.3', '/', misdirected],
  ['', '/', misdirected],
  ['127.0.0.1:4566:1', '/', misdirected],
  ['user@127.0.0.1', '/', misdirected],
  ['127.0.0.1/', '/', misdirected],
  ['127.0.0.1, evil.example', '/', misdirected],
  ['2130706433', '/', misdirected],
  ['0x7f.1', '/', misdirected],

  [here, '/prod/pets', api('abc123', 'prod', '/pets', 'us-east-1')],
  [`${here}:4566`, '/prod', api('abc123', 'prod', '', 'us-east-1')],
  [here, '/prod/', api('abc123', 'prod', '/', 'us-east-1')],
  [here, '/prod//pets/', api('abc123', 'prod', '//pets/', 'us-east-1')],
  [here, '/', api('abc123', '', '', 'us-east-1')],
  // What AWS calls a regional domain name answers as it does there: no API has that id.
  ['d-abc.execute-api.us-east-1.localhost', '/x', api('d-abc', 'x', '', 'us-east-1')],
  [here.toUpperCase(), '/prod/', api('abc123', 'prod', '/', 'us-east-1')],
  ['abc123.execute-api.localhost', '/prod/x', api('abc123', 'prod', '/x')],
  ['abc123.execute-api.localhost.localstack.cloud:4566', '/prod/x', api('abc123', 'prod', '/x')],
  // The host decides, whatever the path says.
  [here, '/_sekisho/metrics', api('abc123', '_sekisho', '/metrics', 'us-east-1')],
  [
    here,
    '/_aws/execute-api/other/prod/',
    api('abc123', '_aws', '/execute-api/other/prod/', 'us-east-1'),
  ],

  ['127.0.0.1', '/_aws/execute-api/abc123/prod/a/b', api('abc123', 'prod', '/a/b')],
  ['127.0.0.1', '/_aws/execute-api/abc123/prod', api('abc123', 'prod', '')],
  ['127.0.0.1', '/_aws/execute-api/abc123', api('abc123', '', '')],
  ['127.0.0.1', '/_aws/execute-api/abc123/prod/%2e%2e/x', api('abc123', 'prod', '/%2e%2e/x')],
  ['127.0.0.1', '/_aws/other', { road: 'nowhere' }],
  ['127.0.0.1', '/restapis/abc123/prod/_user_request_/a', api('abc123', 'prod', '/a')],
  ['127.0.0.1', '/restapis/abc123/prod/_user_request_', api('abc123', 'prod', '')],
  ['127.0.0.1', '/restapis/abc123/prod/_user_request_x', aws],
  ['127.0.0.1', '/restapis/abc123/stages/prod', aws],
  ['127.0.0.1', '/_sekisho/health', { road: 'operator', path: 'health' }],
  ['127.0.0.1', '/_sekisho', aws],
  // Roads are told by the raw path: nothing is decoded or tidied on the way.
  ['127.0.0.1', '//_sekisho/metrics', aws],
  ['127.0.0.1', '/%5fsekisho/metrics', aws],
  ['127.0.0.1', '/_SEKISHO/metrics', aws],
  ['127.0.0.1', '/x/../_sekisho/metrics', aws],

  ['d1.cloudfront.localhost', '/a', { road: 'cloudfront', name: 'd1', path: '/a' }],
  ['D1.cloudfront.localhost', '/', { road: 'cloudfront', name: 'd1', path: '/' }],
  ['127.0.0.1', '/_aws/cloudfront/E1A/a/b', { road: 'cloudfront', name: 'e1a', path: '/a/b' }],
  ['127.0.0.1', '/_aws/cloudfront/E1A', { road: 'cloudfront', name: 'e1a', path: '' }],
  ['bucket.s3.localhost', '/_sekisho/metrics', { road: 'aws-api' }],
  ['bucket.s3.eu-west-1.localhost:4566', '/restapis/a/b/_user_request_/', { road: 'aws-api' }],
  ['console.localhost', '/', { road: 'unsupported', what: 'the web console is' }],
  ['127.0.0.1', '/_console/', { road: 'unsupported', what: 'the web console is' }],
]

for (const [host, rawPath, road] of rows)
  test(`road of ${host || '(empty host)'} ${rawPath}`, () => {
    assert.deepEqual(door.roadOf({ host, rawPath, localAddress: '192.168.1.5' }), road)
  })

test('what is remembered of hosts is bounded', () => {
  const other = createFrontDoor([])
  for (let at = 0; at < 10_000; at++)
    other.roadOf({ host: `h${at}.localhost`, rawPath: '/', localAddress: '127.0.0.1' })
  const road = other.roadOf({ host: 'evil', rawPath: '/', localAddress: '127.0.0.1' })
  assert.deepEqual(road, misdirected)
})
