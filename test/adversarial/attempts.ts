/** Attempts to get past a checkpoint, one row each; every later kind of checkpoint adds its own. */
import type { Credentials } from '@sekisho/sigv4'

/** What an attempt may know: everything but the listed address and the keys. */
export interface Scene {
  readonly port: number
  /** `/secret` answers 127.0.0.11 alone, by its resource policy. */
  readonly guarded: string
  /** `/secret` asks for a signature. */
  readonly signed: string
  /** `/open` answers everybody: an API beside the guarded ones. */
  readonly open: string
  /** A request of the owner's to the signed API, as heard on the wire: its headers. */
  readonly heard: readonly string[]
  readonly root: Credentials
}

/** One request, byte for byte: a head, and what follows it. Sent from 127.0.0.12, on one connection. */
export type Attempt = (scene: Scene) => string

const request = (line: string, host: string, headers: readonly string[] = [], body = ''): string =>
  `${line} HTTP/1.1\r\n${[`Host: ${host}`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`

const local = ({ port }: Scene) => `127.0.0.1:${port}`
const guardedPath = ({ guarded }: Scene, rest = '/prod/secret') =>
  `/_aws/execute-api/${guarded}${rest}`
const signedPath = ({ signed }: Scene, rest = '/prod/secret') =>
  `/_aws/execute-api/${signed}${rest}`

const toGuarded =
  (rest: string, method = 'GET', ...headers: readonly string[]): Attempt =>
  (scene) =>
    request(`${method} ${guardedPath(scene, rest)}`, local(scene), headers)
const withHeaders = (...headers: readonly string[]) => toGuarded('/prod/secret', 'GET', ...headers)
const withHost =
  (host: (scene: Scene) => string, path: (scene: Scene) => string = guardedPath): Attempt =>
  (scene) =>
    request(`GET ${path(scene)}`, host(scene))
const toSigned =
  (headers: (scene: Scene) => readonly string[], rest = '/prod/secret', line = 'GET'): Attempt =>
  (scene) =>
    request(`${line} ${signedPath(scene, rest)}`, local(scene), headers(scene))

/** The headers that were heard, with some exchanged. */
const changed =
  (change: (header: string) => string | readonly string[]) =>
  ({ heard }: Scene) =>
    heard.flatMap(change)

const scope = 'Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-1/execute-api/aws4_request'

/** None may see what lies behind the checkpoint. */
export const attempts: Readonly<Record<string, Attempt>> = {
  'the plain request': toGuarded('/prod/secret'),

  // Paths
  'a trailing slash': toGuarded('/prod/secret/'),
  'a doubled slash': toGuarded('/prod//secret'),
  'a doubled slash before the stage': toGuarded('//prod/secret'),
  'a doubled slash before everything': (scene) =>
    request(`GET /${guardedPath(scene)}`, local(scene)),
  'an escaped slash': toGuarded('/prod%2fsecret'),
  'an escaped letter': toGuarded('/prod/%73ecret'),
  'an escaped stage': toGuarded('/%70rod/secret'),
  'a twice escaped letter': toGuarded('/prod/%2573ecret'),
  'an escape in capitals': toGuarded('/prod/secret%2F'),
  'another case': toGuarded('/prod/SECRET'),
  'another case of the stage': toGuarded('/PROD/secret'),
  'a dot': toGuarded('/prod/./secret'),
  'two dots': toGuarded('/prod/x/../secret'),
  'escaped dots': toGuarded('/prod/x/%2e%2e/secret'),
  'dots out of an open API': ({ port, open, guarded }) =>
    request(`GET /_aws/execute-api/${open}/prod/../../${guarded}/prod/secret`, `127.0.0.1:${port}`),
  'escaped dots out of an open API': ({ port, open, guarded }) =>
    request(
      `GET /_aws/execute-api/${open}/prod/%2e%2e/%2e%2e/${guarded}/prod/secret`,
      `127.0.0.1:${port}`,
    ),
  'a path parameter': toGuarded('/prod/secret;a=b'),
  'a backslash': toGuarded('/prod\\secret'),
  'a fragment': toGuarded('/prod/secret#open'),
  'a question mark within': toGuarded('/prod/secret?/open'),
  'a NUL': toGuarded('/prod/secret%00'),
  'an overlong slash': toGuarded('/prod%c0%afsecret'),
  'a full-width slash': toGuarded('/prod%ef%bc%8fsecret'),
  'the form of another emulator': ({ port, guarded }) =>
    request(`GET /restapis/${guarded}/prod/_user_request_/secret`, `127.0.0.1:${port}`),
  '… with a doubled slash': ({ port, guarded }) =>
    request(`GET /restapis/${guarded}/prod/_user_request_//secret`, `127.0.0.1:${port}`),
  'the control plane, unsigned': ({ port, guarded }) =>
    request(`GET /restapis/${guarded}/stages/prod`, `127.0.0.1:${port}`),

  // Methods
  HEAD: toGuarded('/prod/secret', 'HEAD'),
  OPTIONS: toGuarded('/prod/secret', 'OPTIONS'),
  'POST, overridden to GET': toGuarded(
    '/prod/secret',
    'POST',
    'X-HTTP-Method-Override: GET',
    'Content-Length: 0',
  ),
  'GET, overridden to GET': withHeaders('X-HTTP-Method-Override: GET'),
  'two overrides': withHeaders('X-HTTP-Method-Override: POST', 'X-HTTP-Method-Override: GET'),
  'an override in small letters': toGuarded(
    '/prod/secret',
    'POST',
    'x-http-method-override: get',
    'Content-Length: 0',
  ),
  'other overrides': toGuarded(
    '/prod/secret',
    'POST',
    'X-Method-Override: GET',
    'X-HTTP-Method: GET',
    'Content-Length: 0',
  ),
  'an override in the query': toGuarded('/prod/secret?_method=GET', 'POST', 'Content-Length: 0'),

  // Who says where from
  'X-Forwarded-For': withHeaders('X-Forwarded-For: 127.0.0.11'),
  'X-Forwarded-For with a trail': withHeaders(
    'X-Forwarded-For: 127.0.0.11, 127.0.0.11, 127.0.0.11',
  ),
  'X-Real-IP and its kin': withHeaders(
    'X-Real-IP: 127.0.0.11',
    'X-Client-IP: 127.0.0.11',
    'True-Client-IP: 127.0.0.11',
    'CF-Connecting-IP: 127.0.0.11',
    'X-Originating-IP: 127.0.0.11',
    'X-Cluster-Client-IP: 127.0.0.11',
    'CloudFront-Viewer-Address: 127.0.0.11:1',
  ),
  Forwarded: withHeaders('Forwarded: for=127.0.0.11;proto=https;by=127.0.0.1'),
  'the PROXY protocol': (scene) =>
    `PROXY TCP4 127.0.0.11 127.0.0.1 1 ${scene.port}\r\n${toGuarded('/prod/secret')(scene)}`,
  'condition keys as headers': withHeaders('aws:SourceIp: 127.0.0.11', 'aws-SourceIp: 127.0.0.11'),
  'condition keys in the query': toGuarded(
    '/prod/secret?aws:SourceIp=127.0.0.11&sourceIp=127.0.0.11',
  ),
  'an internal-looking hint': withHeaders(
    'X-Sekisho-Source-Ip: 127.0.0.11',
    'X-Sekisho-Internal: 1',
    'X-Amzn-Source-Ip: 127.0.0.11',
  ),
  'a trace id of its own': withHeaders('X-Amzn-Trace-Id: Root=1-1-1;Self=x', 'x-amzn-RequestId: 1'),

  // Hosts
  'the API as host': withHost(
    ({ guarded, port }) => `${guarded}.execute-api.us-east-1.localhost:${port}`,
    () => '/prod/secret',
  ),
  'the API as host, another region': withHost(
    ({ guarded }) => `${guarded}.execute-api.eu-west-1.localhost`,
    () => '/prod/secret',
  ),
  'the API as host, with a final dot': withHost(
    ({ guarded }) => `${guarded}.execute-api.us-east-1.localhost.`,
    () => '/prod/secret',
  ),
  'an open API as host, the guarded one in the path': withHost(
    ({ open }) => `${open}.execute-api.us-east-1.localhost`,
  ),
  'a host that is none of ours': withHost(() => 'evil.example'),
  'two hosts': (scene) => request(`GET ${guardedPath(scene)}`, local(scene), ['Host: 127.0.0.11']),
  'the host within the target': (scene) =>
    request(`GET http://127.0.0.11${guardedPath(scene)}`, local(scene)),
  'X-Forwarded-Host': withHeaders(
    'X-Forwarded-Host: 127.0.0.11',
    'X-Original-URL: /prod/open',
    'X-Rewrite-URL: /prod/open',
  ),

  // Framing
  'a request within a body': (scene) => {
    const inner = toGuarded('/prod/secret')(scene)
    return request(
      `POST ${`/_aws/execute-api/${scene.open}/prod/open`}`,
      local(scene),
      [`Content-Length: ${inner.length}`],
      inner,
    )
  },
  'a request behind an ambiguous length': (scene) =>
    request(
      `POST /_aws/execute-api/${scene.open}/prod/open`,
      local(scene),
      ['Content-Length: 4', 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${toGuarded('/prod/secret')(scene)}`,
    ),
  'a request behind a masked encoding': (scene) =>
    request(
      `POST /_aws/execute-api/${scene.open}/prod/open`,
      local(scene),
      ['Content-Length: 4', 'Transfer-Encoding:\x0bchunked'],
      `0\r\n\r\n${toGuarded('/prod/secret')(scene)}`,
    ),
  'a header broken by a line feed': (scene) =>
    request(`GET ${guardedPath(scene)}`, local(scene), ['X-A: b\nX-Forwarded-For: 127.0.0.11']),

  // Keys for the guarded API: its method takes none, so they change nothing
  'a signature on an open method': (scene) =>
    request(`GET ${guardedPath(scene)}`, local(scene), scene.heard),
  'an API key': withHeaders('x-api-key: test', 'X-API-KEY: 0'),
  'basic credentials': withHeaders('Authorization: Basic YWRtaW46YWRtaW4='),
  'the keys of other emulators': withHeaders(
    `Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  ),

  // Unsigned, half-signed and borrowed
  unsigned: toSigned(() => []),
  'an empty Authorization': toSigned(() => ['Authorization: ']),
  'a bearer token': toSigned(() => ['Authorization: Bearer x']),
  'no signature in it': toSigned(() => [
    `Authorization: AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host`,
  ]),
  'an empty signature': toSigned(() => [
    `Authorization: AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=`,
    'X-Amz-Date: 20261121T000000Z',
  ]),
  'a built-in key': toSigned(() => [
    `Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    'X-Amz-Date: 20261121T000000Z',
  ]),
  'an account number as key': toSigned(() => [
    `Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    'X-Amz-Date: 20261121T000000Z',
  ]),
  'unsigned payload': toSigned(() => ['X-Amz-Content-Sha256: UNSIGNED-PAYLOAD']),
  'what was heard, for another path': toSigned(({ heard }) => heard, '/prod/secret/'),
  'what was heard, with a query': toSigned(({ heard }) => heard, '/prod/secret?a=b'),
  'what was heard, with another method': toSigned(
    ({ heard }) => [...heard, 'Content-Length: 0'],
    '/prod/secret',
    'POST',
  ),
  'what was heard, with an override': toSigned(
    ({ heard }) => [...heard, 'X-HTTP-Method-Override: GET', 'Content-Length: 0'],
    '/prod/secret',
    'POST',
  ),
  'what was heard, with a body': (scene) =>
    request(`GET ${signedPath(scene)}`, local(scene), [...scene.heard, 'Content-Length: 1'], 'a'),
  'what was heard, for another host': (scene) =>
    request(`GET ${signedPath(scene)}`, `localhost:${scene.port}`, scene.heard),
  'what was heard, with another date': toSigned(
    changed((header) => (/^x-amz-date/i.test(header) ? 'X-Amz-Date: 20200101T000000Z' : header)),
  ),
  'what was heard, with two dates': toSigned(
    changed((header) =>
      /^x-amz-date/i.test(header) ? [header, 'X-Amz-Date: 20200101T000000Z'] : header,
    ),
  ),
  'what was heard, without its date': toSigned(
    changed((header) => (/^x-amz-date/i.test(header) ? [] : header)),
  ),
  'what was heard, for another service': toSigned(
    changed((header) => header.replace('/execute-api/', '/apigateway/')),
  ),
  'what was heard, for another region': toSigned(
    changed((header) => header.replace('/us-east-1/', '/eu-west-1/')),
  ),
  'what was heard, with the host unsigned': toSigned(
    changed((header) => header.replace('SignedHeaders=host;', 'SignedHeaders=')),
  ),
  'what was heard, twice': toSigned(({ heard }) => [...heard, ...heard]),
  'what was heard, and a query signature': toSigned(
    ({ heard }) => heard,
    `/prod/secret?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=${'0'.repeat(64)}`,
  ),
  'what was heard, one digit off': toSigned(
    changed((header) =>
      header.replace(
        /Signature=(.)/,
        (_, first: string) => `Signature=${first === '0' ? '1' : '0'}`,
      ),
    ),
  ),
  'what was heard, as signature version 2': toSigned(({ root }) => [
    `Authorization: AWS ${root.accessKeyId}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=`,
  ]),

  // Doors that are not for callers
  'the decision log': (scene) => request('GET /_sekisho/log', local(scene)),
  'the decision log, escaped': (scene) => request('GET /%5Fsekisho/log', local(scene)),
  'the decision log, with an empty token': (scene) =>
    request('GET /_sekisho/log', local(scene), ['Authorization: Bearer ']),
  'the decision log, with a token in the query': (scene) =>
    request('GET /_sekisho/log?token=&access_token=', local(scene)),
  'the accounts': (scene) => request('GET /_sekisho/accounts', local(scene)),
  reset: (scene) => request('POST /_sekisho/reset', local(scene), ['Content-Length: 0']),
  'a backup': (scene) => request('POST /_sekisho/backup', local(scene), ['Content-Length: 0']),
  'the list of APIs, unsigned': (scene) => request('GET /restapis', local(scene)),
  'the list of APIs, in a query': (scene) =>
    request('GET /?Action=GetRestApis&Version=2015-07-09', local(scene)),
}
