/**
 * What HTTP asks of a cache, case by case: the behaviours that the public suite for HTTP caches (http-tests/cache-tests)
 * looks at, in our own words, for a shared cache. That suite is not on npm, so it cannot be a peer of this benchmark.
 */

/** Name, value, name, value …; `{now+60}` in a value is that moment as an HTTP date. */
export type Headers = readonly string[]

export interface Answer {
  readonly status?: number
  readonly headers?: Headers
  /** Absent: the number of the answer. */
  readonly body?: string
}

export interface Ask {
  readonly method?: string
  readonly headers?: Headers
}

export interface CacheCase {
  readonly name: string
  /** What the origin says, in turn; the last again and again. */
  readonly answers: readonly Answer[]
  /** What the viewer asks, in turn. Absent: twice the same. */
  readonly asks?: readonly Ask[]
  /** Seconds between the asks. */
  readonly wait?: number
  /**
   * Of the last ask. `reused`: the origin was not asked; `asked`: it was; `validated`: it was asked whether anything has
   * changed. A function looks at the last answer, and at what the origin was asked last.
   */
  readonly expects: 'reused' | 'asked' | 'validated' | Check
  /** What is not required is what a cache may do to be of use. */
  readonly isOptional?: true
  /** The distribution has `X-Key` in its cache key. */
  readonly isKeyed?: true
  /** Where a distribution does otherwise: what CloudFront's documentation says of it. */
  readonly cloudfront?: string
}

export interface Last {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: string
  /** What the origin was asked last. */
  readonly asked: (name: string) => string | undefined
  readonly timesAsked: number
}

export type Check = (last: Last) => boolean

const fresh = ['Cache-Control', 'max-age=100'] as const
const stale = ['Cache-Control', 'max-age=1'] as const
const cc = (value: string): Answer => ({ headers: ['Cache-Control', value] })
const ask = (...headers: Headers): Ask => ({ headers })
const plain: Ask = {}

const minimum =
  'the origin alone says how long (minimum TTL 0), and what it does not say is kept for the default TTL, which is 0 here'
const ignoresRequests =
  'a viewer cannot make CloudFront ask its origin: `Cache-Control` and `Pragma` of a request are passed on and ignored ("Request and response behavior for custom origins")'
const keptStatuses =
  'CloudFront keeps 200, 203, 204, 300, 301, 302, 307, 308 and the errors that it lists, and nothing else ("How CloudFront processes HTTP 3xx status codes")'
const byKey =
  '`Vary` does not choose among kept answers: the cache key does, and it holds what its policy lists; other names are taken out of `Vary`'
const invalidates = 'nothing but time and invalidations ends what is kept ("Invalidate files")'
const staleWhileBroken =
  'where the origin answers 5xx or not at all, what is stale is served, as long as it is there ("Manage how long content stays in the cache")'

const directives: readonly CacheCase[] = [
  { name: 'max-age keeps', answers: [cc('max-age=100')], expects: 'reused', isOptional: true },
  { name: 'max-age=0 does not', answers: [cc('max-age=0')], expects: 'asked' },
  { name: 'max-age ends', answers: [cc('max-age=1')], wait: 2, expects: 'asked' },
  { name: 's-maxage keeps', answers: [cc('s-maxage=100')], expects: 'reused', isOptional: true },
  {
    name: 's-maxage goes before max-age',
    answers: [cc('max-age=100, s-maxage=1')],
    wait: 2,
    expects: 'asked',
  },
  {
    name: 's-maxage goes before a shorter max-age',
    answers: [cc('max-age=1, s-maxage=100')],
    wait: 2,
    expects: 'reused',
    isOptional: true,
  },
  { name: 'no-store is not kept', answers: [cc('no-store')], expects: 'asked' },
  {
    name: 'no-store goes before max-age',
    answers: [cc('max-age=100, no-store')],
    expects: 'asked',
  },
  { name: 'no-cache is asked again', answers: [cc('max-age=100, no-cache')], expects: 'asked' },
  { name: 'private is not kept', answers: [cc('max-age=100, private')], expects: 'asked' },
  {
    name: 'directives are of any case',
    answers: [cc('MaX-aGe=100')],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'NO-STORE in capitals is not kept',
    answers: [cc('NO-STORE, max-age=100')],
    expects: 'asked',
  },
  {
    name: 'unknown directives change nothing',
    answers: [cc('foobar, max-age=100, x="y, no-store"')],
    expects: 'reused',
    isOptional: true,
  },
  { name: 'a quoted max-age', answers: [cc('max-age="100"')], expects: 'reused', isOptional: true },
  { name: 'max-age that is no number', answers: [cc('max-age=abc')], expects: 'asked' },
  { name: 'a negative max-age', answers: [cc('max-age=-1')], expects: 'asked' },
  { name: 'a max-age with a fraction', answers: [cc('max-age=100.5')], expects: 'asked' },
  {
    name: 'a max-age beyond 2^31',
    answers: [cc('max-age=99999999999')],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'a max-age of leading zeros',
    answers: [cc('max-age=000100')],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'two Cache-Control headers are one',
    answers: [{ headers: ['Cache-Control', 'max-age=100', 'Cache-Control', 'no-store'] }],
    expects: 'asked',
  },
  {
    name: 'must-revalidate keeps while fresh',
    answers: [cc('max-age=100, must-revalidate')],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'public keeps nothing by itself',
    answers: [cc('public')],
    expects: 'asked',
    cloudfront: minimum,
  },
]

const expires: readonly CacheCase[] = [
  {
    name: 'Expires in the future keeps',
    answers: [{ headers: ['Expires', '{now+100}'] }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'Expires in the past does not',
    answers: [{ headers: ['Expires', '{now-100}'] }],
    expects: 'asked',
  },
  {
    name: 'Expires now does not',
    answers: [{ headers: ['Expires', '{now+0}'] }],
    expects: 'asked',
  },
  { name: 'Expires: 0 is past', answers: [{ headers: ['Expires', '0'] }], expects: 'asked' },
  {
    name: 'an Expires that is no date is past',
    answers: [{ headers: ['Expires', 'tomorrow'] }],
    expects: 'asked',
  },
  {
    name: 'max-age goes before Expires',
    answers: [{ headers: ['Expires', '{now+100}', 'Cache-Control', 'max-age=1'] }],
    wait: 2,
    expects: 'asked',
  },
  {
    name: 'max-age goes before an Expires that is past',
    answers: [{ headers: ['Expires', '{now-100}', ...fresh] }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'an Expires that is past by the clock is stale, whatever Date says',
    answers: [{ headers: ['Date', '{now-200}', 'Expires', '{now-100}'] }],
    expects: 'asked',
  },
]

const age: readonly CacheCase[] = [
  {
    name: 'what is reused says its Age',
    answers: [cc('max-age=100')],
    wait: 2,
    expects: ({ header }) => Number(header('age')) >= 1,
  },
  {
    name: 'an Age is added to',
    answers: [{ headers: [...fresh, 'Age', '30'] }],
    wait: 1,
    expects: ({ header }) => Number(header('age')) >= 30,
  },
  {
    name: 'an Age beyond max-age is stale',
    answers: [{ headers: [...fresh, 'Age', '200'] }],
    expects: 'asked',
  },
  {
    name: 'an Age within max-age is fresh',
    answers: [{ headers: [...fresh, 'Age', '50'] }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'an Age that is no number changes nothing',
    answers: [{ headers: [...fresh, 'Age', 'abc'] }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'a negative Age changes nothing',
    answers: [{ headers: [...fresh, 'Age', '-7200'] }],
    expects: 'reused',
    isOptional: true,
  },
]

const heuristics: readonly CacheCase[] = [
  ...[200, 203, 204, 404, 410, 414, 501].map(
    (status): CacheCase => ({
      name: `a ${status} with an old Last-Modified alone is kept for a while`,
      answers: [{ status, headers: ['Last-Modified', '{now-100000}'] }],
      expects: 'reused',
      isOptional: true,
      ...([200, 203, 204, 410].includes(status) && {
        cloudfront: status === 410 ? keptStatuses : minimum,
      }),
    }),
  ),
  {
    name: 'a 201 with a Last-Modified alone is not',
    answers: [{ status: 201, headers: ['Last-Modified', '{now-100000}'] }],
    expects: 'asked',
  },
]

const statuses: readonly CacheCase[] = [
  ...[200, 203, 204, 300, 301, 302, 307, 308, 400, 403, 404, 405, 414, 500, 501, 502, 503, 504].map(
    (status): CacheCase => ({
      name: `a fresh ${status} is reused`,
      answers: [{ status, headers: [...fresh, 'Location', '/elsewhere'] }],
      expects: 'reused',
      isOptional: true,
    }),
  ),
  ...[201, 202, 303, 410, 599].map(
    (status): CacheCase => ({
      name: `a fresh ${status} is reused`,
      answers: [{ status, headers: [...fresh, 'Location', '/elsewhere'] }],
      expects: 'reused',
      isOptional: true,
      cloudfront: keptStatuses,
    }),
  ),
  ...[404, 500, 503].map(
    (status): CacheCase => ({
      name: `a ${status} that must not be stored is asked again`,
      answers: [{ status, headers: ['Cache-Control', 'no-store'] }],
      expects: 'asked',
      cloudfront:
        'errors are kept for the error caching minimum TTL (10 s) whatever the origin says ("How CloudFront processes HTTP 4xx and 5xx status codes")',
    }),
  ),
]

const requests: readonly CacheCase[] = [
  ...['no-cache', 'no-store', 'max-age=0', 'min-fresh=1000'].map(
    (value): CacheCase => ({
      name: `a request with Cache-Control: ${value} is answered anew`,
      answers: [{ headers: fresh }],
      asks: [plain, ask('Cache-Control', value)],
      expects: 'asked',
      isOptional: true,
      cloudfront: ignoresRequests,
    }),
  ),
  {
    name: 'a request with Pragma: no-cache is answered anew',
    answers: [{ headers: fresh }],
    asks: [plain, ask('Pragma', 'no-cache')],
    expects: 'asked',
    isOptional: true,
    cloudfront: ignoresRequests,
  },
  {
    name: 'a request with only-if-cached for what is not kept gets 504',
    answers: [{ headers: fresh }],
    asks: [ask('Cache-Control', 'only-if-cached')],
    expects: ({ status }) => status === 504,
    isOptional: true,
    cloudfront: ignoresRequests,
  },
  {
    name: 'a request with max-stale gets what is stale',
    answers: [{ headers: stale }],
    asks: [plain, ask('Cache-Control', 'max-stale=1000')],
    wait: 2,
    expects: 'reused',
    isOptional: true,
    cloudfront: ignoresRequests,
  },
  {
    name: 'Pragma in an answer says nothing',
    answers: [{ headers: [...fresh, 'Pragma', 'no-cache'] }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'Authorization: what came for one is not for others',
    answers: [{ headers: fresh }],
    asks: [ask('Authorization', 'Basic one'), ask('Authorization', 'Basic two')],
    expects: 'asked',
    cloudfront:
      '`Authorization` is taken out of GET and HEAD unless it is in the cache key: what the origin answers is for anybody',
  },
]

const methods: readonly CacheCase[] = [
  {
    name: 'a HEAD is answered by what a GET brought',
    answers: [{ headers: fresh }],
    asks: [plain, { method: 'HEAD' }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'a GET is not answered by what a HEAD brought',
    answers: [{ headers: fresh }],
    asks: [{ method: 'HEAD' }, plain],
    expects: 'asked',
  },
  {
    name: 'a POST is never answered from the cache',
    answers: [{ headers: fresh }],
    asks: [plain, { method: 'POST' }],
    expects: 'asked',
  },
  {
    name: 'what a POST brought answers no GET',
    answers: [{ headers: fresh }],
    asks: [{ method: 'POST' }, plain],
    expects: 'asked',
  },
  ...['POST', 'PUT', 'DELETE'].map(
    (method): CacheCase => ({
      name: `a ${method} ends what is kept under its URL`,
      answers: [{ headers: fresh }],
      asks: [plain, { method }, plain],
      expects: 'asked',
      cloudfront: invalidates,
    }),
  ),
  {
    name: 'a failed POST ends nothing',
    answers: [{ headers: fresh }, { status: 500 }],
    asks: [plain, { method: 'POST' }, plain],
    expects: 'reused',
    isOptional: true,
  },
]

const vary: readonly CacheCase[] = [
  {
    name: 'Vary: the same value is a match',
    answers: [{ headers: [...fresh, 'Vary', 'X-Key'] }],
    asks: [ask('X-Key', '1'), ask('X-Key', '1')],
    expects: 'reused',
    isOptional: true,
    isKeyed: true,
  },
  {
    name: 'Vary: another value is none',
    answers: [{ headers: [...fresh, 'Vary', 'X-Key'] }],
    asks: [ask('X-Key', '1'), ask('X-Key', '2')],
    expects: 'asked',
    isKeyed: true,
  },
  {
    name: 'Vary: an absent value is none',
    answers: [{ headers: [...fresh, 'Vary', 'X-Key'] }],
    asks: [ask('X-Key', '1'), plain],
    expects: 'asked',
    isKeyed: true,
  },
  {
    name: 'Vary: each value is kept',
    answers: [{ headers: [...fresh, 'Vary', 'X-Key'] }],
    asks: [ask('X-Key', '1'), ask('X-Key', '2'), ask('X-Key', '1')],
    expects: 'reused',
    isOptional: true,
    isKeyed: true,
  },
  {
    name: 'Vary by what is not in the key: another value is none',
    answers: [{ headers: [...fresh, 'Vary', 'X-Other'] }],
    asks: [ask('X-Other', '1'), ask('X-Other', '2')],
    expects: 'asked',
    cloudfront: byKey,
  },
  {
    name: 'Vary: * never matches',
    answers: [{ headers: [...fresh, 'Vary', '*'] }],
    expects: 'asked',
  },
  {
    name: 'Vary: * in a list never matches',
    answers: [{ headers: [...fresh, 'Vary', 'X-Key, *'] }],
    asks: [ask('X-Key', '1'), ask('X-Key', '1')],
    expects: 'asked',
    isKeyed: true,
  },
]

const conditions: readonly CacheCase[] = [
  {
    name: 'a stale answer with an ETag is validated by it',
    answers: [{ headers: [...stale, 'ETag', '"a"'] }, { status: 304, headers: ['ETag', '"a"'] }],
    wait: 2,
    expects: ({ asked, body }) => asked('if-none-match') === '"a"' && body === '1',
    isOptional: true,
  },
  {
    name: 'a stale answer with a Last-Modified is validated by it',
    answers: [{ headers: [...stale, 'Last-Modified', '{now-1000}'] }, { status: 304 }],
    wait: 2,
    expects: 'validated',
    isOptional: true,
  },
  {
    name: 'what was validated is fresh again',
    answers: [
      { headers: [...stale, 'ETag', '"a"'] },
      { status: 304, headers: [...fresh, 'ETag', '"a"'] },
    ],
    asks: [plain, plain, plain],
    wait: 2,
    expects: ({ timesAsked, body }) => timesAsked === 2 && body === '1',
    isOptional: true,
  },
  {
    name: 'headers of a 304 replace those that are kept',
    answers: [
      { headers: [...stale, 'ETag', '"a"', 'X-Said', 'before'] },
      { status: 304, headers: ['ETag', '"a"', 'X-Said', 'after'] },
    ],
    wait: 2,
    expects: ({ header }) => header('x-said') === 'after',
  },
  {
    name: 'a 304 does not change the type of what is kept',
    answers: [
      { headers: [...stale, 'ETag', '"a"', 'Content-Type', 'text/plain'] },
      { status: 304, headers: ['ETag', '"a"', 'Content-Length', '100'] },
    ],
    wait: 2,
    expects: ({ header, body }) => header('content-type') === 'text/plain' && body === '1',
  },
  {
    name: 'a new answer replaces what was stale',
    answers: [{ headers: [...stale, 'ETag', '"a"'] }, { headers: [...fresh, 'ETag', '"b"'] }],
    wait: 2,
    expects: ({ body }) => body === '2',
  },
  {
    name: 'If-None-Match is answered from the cache',
    answers: [{ headers: [...fresh, 'ETag', '"a"'] }],
    asks: [plain, ask('If-None-Match', '"a"')],
    expects: ({ status, timesAsked }) => status === 304 && timesAsked === 1,
    isOptional: true,
  },
  {
    name: 'If-None-Match with a list',
    answers: [{ headers: [...fresh, 'ETag', '"a"'] }],
    asks: [plain, ask('If-None-Match', '"x", "a"')],
    expects: ({ status }) => status === 304,
    isOptional: true,
  },
  {
    name: 'If-None-Match compares weakly',
    answers: [{ headers: [...fresh, 'ETag', 'W/"a"'] }],
    asks: [plain, ask('If-None-Match', '"a"')],
    expects: ({ status }) => status === 304,
    isOptional: true,
  },
  {
    name: 'If-None-Match of another gets the whole',
    answers: [{ headers: [...fresh, 'ETag', '"a"'] }],
    asks: [plain, ask('If-None-Match', '"b"')],
    expects: ({ status, body }) => status === 200 && body === '1',
  },
  {
    name: 'If-None-Match: *',
    answers: [{ headers: [...fresh, 'ETag', '"a"'] }],
    asks: [plain, ask('If-None-Match', '*')],
    expects: ({ status }) => status === 304,
    isOptional: true,
  },
  {
    name: 'If-Modified-Since is answered from the cache',
    answers: [{ headers: [...fresh, 'Last-Modified', '{now-1000}'] }],
    asks: [plain, ask('If-Modified-Since', '{now-500}')],
    expects: ({ status, timesAsked }) => status === 304 && timesAsked === 1,
    isOptional: true,
  },
  {
    name: 'If-Modified-Since before the change gets the whole',
    answers: [{ headers: [...fresh, 'Last-Modified', '{now-1000}'] }],
    asks: [plain, ask('If-Modified-Since', '{now-2000}')],
    expects: ({ status }) => status === 200,
  },
  {
    name: 'If-None-Match goes before If-Modified-Since',
    answers: [{ headers: [...fresh, 'ETag', '"a"', 'Last-Modified', '{now-1000}'] }],
    asks: [plain, ask('If-None-Match', '"b"', 'If-Modified-Since', '{now-500}')],
    expects: ({ status }) => status === 200,
  },
  {
    name: 'a 304 from the cache has its ETag',
    answers: [{ headers: [...fresh, 'ETag', '"a"'] }],
    asks: [plain, ask('If-None-Match', '"a"')],
    expects: ({ header }) => header('etag') === '"a"',
  },
]

const staleness: readonly CacheCase[] = [
  {
    name: 'an origin that fails leaves what is stale',
    answers: [{ headers: stale }, { status: 503 }],
    wait: 2,
    expects: ({ status, body }) => status === 200 && body === '1',
    isOptional: true,
  },
  {
    name: 'must-revalidate: an origin that fails is not covered',
    answers: [cc('max-age=1, must-revalidate'), { status: 503 }],
    wait: 2,
    expects: ({ status }) => status >= 500,
  },
  {
    name: 'proxy-revalidate: an origin that fails is not covered',
    answers: [cc('max-age=1, proxy-revalidate'), { status: 503 }],
    wait: 2,
    expects: ({ status }) => status >= 500,
  },
  {
    name: 'stale-if-error covers an origin that fails',
    answers: [cc('max-age=1, stale-if-error=60'), { status: 500 }],
    wait: 2,
    expects: ({ status }) => status === 200,
    isOptional: true,
  },
  {
    name: 'stale-if-error=0 does not',
    answers: [cc('max-age=1, stale-if-error=0'), { status: 500 }],
    wait: 2,
    expects: ({ status }) => status === 500,
  },
  {
    name: 'stale-while-revalidate serves what is stale',
    answers: [cc('max-age=1, stale-while-revalidate=60'), { headers: fresh }],
    wait: 2,
    expects: ({ body }) => body === '1',
    isOptional: true,
  },
  {
    name: 'stale-while-revalidate asks behind it',
    answers: [cc('max-age=1, stale-while-revalidate=60'), { headers: fresh }],
    asks: [plain, plain, plain],
    wait: 2,
    expects: ({ body }) => body === '2',
    isOptional: true,
  },
  {
    name: 's-maxage: an origin that fails is not covered',
    answers: [cc('s-maxage=1'), { status: 503 }],
    wait: 2,
    expects: ({ status }) => status >= 500,
    cloudfront: staleWhileBroken,
  },
]

const long = 'abcdefghij'
const ranges: readonly CacheCase[] = [
  {
    name: 'a range is cut from what is kept',
    answers: [{ headers: fresh, body: long }],
    asks: [plain, ask('Range', 'bytes=2-4')],
    expects: ({ status, body, timesAsked }) => status === 206 && body === 'cde' && timesAsked === 1,
    isOptional: true,
  },
  {
    name: 'the last bytes are cut from what is kept',
    answers: [{ headers: fresh, body: long }],
    asks: [plain, ask('Range', 'bytes=-3')],
    expects: ({ status, body }) => status === 206 && body === 'hij',
    isOptional: true,
  },
  {
    name: 'the rest is cut from what is kept',
    answers: [{ headers: fresh, body: long }],
    asks: [plain, ask('Range', 'bytes=8-')],
    expects: ({ body }) => body === 'ij',
    isOptional: true,
  },
  {
    name: 'a range beyond the end is refused',
    answers: [{ headers: fresh, body: long }],
    asks: [plain, ask('Range', 'bytes=20-30')],
    expects: ({ status }) => status === 416,
    isOptional: true,
  },
  {
    name: 'a range of another unit is none',
    answers: [{ headers: fresh, body: long }],
    asks: [plain, ask('Range', 'lines=1-2')],
    expects: ({ status, body }) => status === 200 && body === long,
  },
  {
    name: 'If-Range of another ETag gets the whole',
    answers: [{ headers: [...fresh, 'ETag', '"a"'], body: long }],
    asks: [plain, ask('Range', 'bytes=0-1', 'If-Range', '"b"')],
    expects: ({ status, body }) => status === 200 && body === long,
  },
  {
    name: 'a part is not taken for the whole',
    answers: [
      { status: 206, headers: [...fresh, 'Content-Range', 'bytes 0-3/10'], body: 'abcd' },
      { headers: fresh, body: long },
    ],
    asks: [ask('Range', 'bytes=0-3'), plain],
    expects: ({ status, body }) => status === 200 && body === long,
  },
]

const headers: readonly CacheCase[] = [
  {
    name: 'headers of an answer are kept',
    answers: [{ headers: [...fresh, 'X-Said', 'this', 'Content-Language', 'de'] }],
    expects: ({ header, timesAsked }) =>
      header('x-said') === 'this' && header('content-language') === 'de' && timesAsked === 1,
  },
  ...['Connection', 'Keep-Alive', 'Proxy-Authenticate', 'TE', 'Upgrade', 'Proxy-Connection'].map(
    (name): CacheCase => ({
      name: `${name} is not passed on`,
      answers: [{ headers: [...fresh, name, 'x-said', 'X-Said', 'this'] }],
      expects: ({ header }) => header(name.toLowerCase()) !== 'x-said',
    }),
  ),
  {
    name: 'what Connection names is not kept',
    answers: [{ headers: [...fresh, 'Connection', 'X-Said', 'X-Said', 'this'] }],
    expects: ({ header }) => header('x-said') === undefined,
  },
  {
    name: 'Set-Cookie does not keep an answer from being kept',
    answers: [{ headers: [...fresh, 'Set-Cookie', 'a=1'] }],
    expects: 'reused',
    isOptional: true,
  },
  {
    name: 'a cached answer has one Date',
    answers: [{ headers: fresh }],
    wait: 1,
    expects: ({ header }) => Date.parse(header('date') ?? '') < Date.now() - 500,
  },
  {
    name: 'CDN-Cache-Control goes before Cache-Control',
    answers: [{ headers: [...fresh, 'CDN-Cache-Control', 'no-store'] }],
    expects: 'asked',
    isOptional: true,
    cloudfront:
      'CloudFront reads `Cache-Control` and `Expires` alone ("Manage how long content stays in the cache")',
  },
  {
    name: 'Surrogate-Control goes before Cache-Control',
    answers: [{ headers: ['Cache-Control', 'no-store', 'Surrogate-Control', 'max-age=100'] }],
    expects: 'reused',
    isOptional: true,
    cloudfront:
      'CloudFront reads `Cache-Control` and `Expires` alone ("Manage how long content stays in the cache")',
  },
]

export const groups: Readonly<Record<string, readonly CacheCase[]>> = {
  'Cache-Control of an answer': directives,
  Expires: expires,
  Age: age,
  'Without a word of the origin': heuristics,
  Statuses: statuses,
  'What a request says': requests,
  Methods: methods,
  Vary: vary,
  'Validation and conditions': conditions,
  Staleness: staleness,
  Ranges: ranges,
  Headers: headers,
}
