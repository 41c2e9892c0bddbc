/** An answer as this viewer gets it: conditions, ranges, policy, and what CloudFront says of itself. */
import { letGo } from './bodies.ts'
import { meetConditions } from './conditions.ts'
import type { Answer } from './flight.ts'
import type { ReturnedResponse } from './functions/returned.ts'
import { type Headers, kept } from './headers.ts'
import type { Ports } from './ports.ts'
import { pageOf, type Refusal, refusals } from './refusal.ts'
import { withPolicy } from './response-headers.ts'
import type { Admitted, Outcome, ResultType, ViewerReply, ViewerRequest } from './viewer.ts'

type Self = Pick<Ports, 'nodeId' | 'pop' | 'percentile'>

export function deliver(answer: Answer, { viewer, behaviour }: Admitted, self: Self): ViewerReply {
  const policy = behaviour.settings.responseHeaders
  const outcome = (result: ResultType): Outcome => ({
    result,
    pathPattern: behaviour.settings.pathPattern,
    ...(answer.refusal !== undefined && { refusal: answer.refusal }),
    ...(answer.detail !== undefined && { detail: answer.detail }),
    ...(answer.originId !== undefined && { originId: answer.originId }),
    ...(answer.originRequestId !== undefined && { originRequestId: answer.originRequestId }),
  })
  if (answer.refusal !== undefined)
    return refused(answer.refusal, viewer, self, outcome('Error'), answer.age)
  const met =
    answer.isPassedOn || !(answer.body instanceof Uint8Array)
      ? answer
      : meetConditions({ ...answer, body: answer.body }, viewer.method, viewer.headers)
  const result = met.status >= 400 ? 'Error' : answer.result
  const base = policy
    ? withPolicy(
        met.headers,
        policy,
        viewer,
        () => timingOf(answer, self, viewer.requestId),
        self.percentile,
      )
    : met.headers
  const headers = signed(base, result, viewer, self, answer.age)
  if (viewer.method === 'HEAD') {
    letGo(met.body)
    const bodyBytes =
      met.body instanceof Uint8Array && met.body.length > 0 ? met.body.length : answer.bodyBytes
    return {
      status: met.status,
      headers,
      body: noBody,
      ...(bodyBytes !== undefined && { bodyBytes }),
      outcome: outcome(result),
    }
  }
  return {
    status: met.status,
    headers,
    body: met.body,
    ...(answer.bodyBytes !== undefined &&
      !(met.body instanceof Uint8Array) && { bodyBytes: answer.bodyBytes }),
    outcome: outcome(result),
  }
}

const noBody = new Uint8Array()

/** What every answer of CloudFront's ends with. */
function signed(
  headers: Headers,
  result: ResultType,
  viewer: ViewerRequest,
  { nodeId, pop }: Self,
  age?: number,
): Headers {
  const via = `1.1 ${nodeId}.cloudfront.net (CloudFront)`
  const all = [
    ...headers,
    'X-Cache',
    `${result} from cloudfront`,
    'Via',
    via,
    'X-Amz-Cf-Pop',
    pop,
    'X-Amz-Cf-Id',
    viewer.requestId,
  ]
  if (age !== undefined) all.push('Age', String(age))
  return all
}

/** CloudFront's own page. */
export function refused(
  code: Refusal['code'],
  viewer: ViewerRequest,
  self: Self,
  outcome: Outcome,
  age?: number,
): ViewerReply {
  const { contentType, text } = pageOf(code, viewer.requestId)
  const headers = ['Server', 'CloudFront', 'Content-Type', contentType]
  const isHead = viewer.method === 'HEAD'
  const bytes = Buffer.from(text)
  return {
    status: refusals[code].status,
    headers: signed(
      headers,
      code.startsWith('FUNCTION_') ? 'FunctionExecutionError' : 'Error',
      viewer,
      self,
      age,
    ),
    body: isHead ? noBody : bytes,
    ...(isHead && { bodyBytes: bytes.length }),
    outcome,
  }
}

/** What a function answered in the origin's place. */
export function generated(
  { status, headers, body = noBody }: ReturnedResponse,
  { viewer, behaviour }: Admitted,
  self: Self,
): ViewerReply {
  const result = 'FunctionGeneratedResponse'
  const isHead = viewer.method === 'HEAD'
  return {
    status,
    headers: signed(['Server', 'CloudFront', ...headers], result, viewer, self),
    body: isHead ? noBody : body,
    ...(isHead && { bodyBytes: body.length }),
    outcome: { result, pathPattern: behaviour.settings.pathPattern },
  }
}

/**
 * To the same place, over TLS: for good where nothing is lost, else with the same method and body.
 *
 * @see CloudFront Developer Guide, "Require HTTPS for communication between viewers and CloudFront"
 */
export function redirected(viewer: ViewerRequest, self: Self, pathPattern: string): ViewerReply {
  const query = viewer.rawQuery === '' ? '' : `?${viewer.rawQuery}`
  const host = viewer.host.replace(/:80$/, '')
  const isRead = viewer.method === 'GET' || viewer.method === 'HEAD'
  const [status, reason] = isRead ? [301, 'Moved Permanently'] : [307, 'Temporary Redirect']
  const title = `${status} ${reason}`
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>CloudFront</center>\r\n</body>\r\n</html>\r\n`
  const headers = [
    ...['Server', 'CloudFront', 'Content-Type', 'text/html'],
    ...['Location', `https://${host}${viewer.prefix ?? ''}${viewer.rawPath}${query}`],
  ]
  return {
    status,
    headers: signed(headers, 'Redirect', viewer, self),
    body: viewer.method === 'HEAD' ? noBody : Buffer.from(page),
    outcome: { result: 'Redirect', pathPattern },
  }
}

/** The page that stands in for an error, with the status that was chosen for it. */
export function standingIn(page: ViewerReply, status: number, outcome: Outcome): ViewerReply {
  const headers = kept(page.headers, (name) => name !== 'x-cache' && name !== 'content-range')
  const at = page.headers.length === 0 ? [] : ['X-Cache', 'Error from cloudfront']
  return { ...page, status, headers: [...headers, ...at], outcome }
}

function timingOf({ result, age }: Answer, { pop }: Self, id: string): string {
  const kinds = { Hit: 'hit', RefreshHit: 'hit-refresh', Miss: 'miss' } as const
  const kind = result in kinds ? kinds[result as keyof typeof kinds] : 'miss'
  return `cdn-cache-${kind},cdn-pop;desc="${pop}",cdn-rid;desc="${id}"${age === undefined ? '' : `,cdn-hit-layer;desc="EDGE"`}`
}
