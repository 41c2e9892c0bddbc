/** The life of a call to a deployed API. */
import { admit } from './admit.ts'
import { authenticate, checkBeforeBody } from './authenticate.ts'
import { flowOf } from './authorize.ts'
import { cachingOf, lookUp, withWarning } from './cache/look-up.ts'
import { compress } from './compress.ts'
import { answerRefusal } from './custom-responses.ts'
import { DeniedError } from './decide.ts'
import type { Deployment } from './deployment.ts'
import { GatewayError } from './gateway-responses.ts'
import { integrate } from './integrate.ts'
import { isLogged, writeLogs } from './logs/write.ts'
import { mapRequest } from './map-request.ts'
import { type MappedResponse, mapResponse } from './map-response.ts'
import { match, methodOf } from './match.ts'
import type {
  Admitted,
  Authorized,
  GatewayReply,
  IntegrationResponse,
  Matched,
  Outcome,
  Received,
  Validated,
} from './pass.ts'
import type { GatewayOptions, Ports } from './ports.ts'
import type { Progress } from './progress.ts'
import type { StageSettings } from './snapshot.ts'
import { traceHeaders } from './trace.ts'
import { validate } from './validate.ts'
import { watched } from './watched.ts'

const noBody = new Uint8Array()

/**
 * Answers at once where nothing has to be waited for (no body, no upstream), else with a promise. Never throws and never
 * rejects: what goes wrong inside is an answer too.
 */
export function invoke(
  received: Received,
  deployment: Deployment,
  stage: StageSettings,
  ports: Ports,
  options: GatewayOptions,
): GatewayReply | Promise<GatewayReply> {
  const progress: Progress = { received, deployment, stage }
  const { journal, machineNowMs: now } = ports
  if (journal === undefined || !isLogged(stage)) return run(progress, ports, options)
  progress.times = { now, begun: now() }
  const written = (reply: GatewayReply) => {
    if (reply.stream !== undefined)
      return {
        ...reply,
        stream: watched(reply.stream, progress, () => writeLogs(progress, reply, journal)),
      }
    writeLogs(progress, reply, journal)
    return reply
  }
  const reply = run(progress, ports, options)
  return reply instanceof Promise ? reply.then(written) : written(reply)
}

function run(
  progress: Progress,
  ports: Ports,
  options: GatewayOptions,
): GatewayReply | Promise<GatewayReply> {
  const { received, deployment, stage } = progress
  try {
    const matched = route(received, deployment, stage, ports)
    if (matched instanceof Promise)
      return matched.then(
        () => refuse(progress, new GatewayError('RESOURCE_NOT_FOUND')),
        (error: unknown) => refuse(progress, error),
      )
    progress.matched = matched
    const flow = flowOf(matched)
    if (received.hasBody && flow.readsBody) {
      checkBeforeBody(matched, ports)
      return behindBody(progress, ports, (body) => flow.authorize(matched, body, ports, options))
    }
    const authorized = flow.authorize(matched, undefined, ports, options)
    if (received.hasBody || authorized instanceof Promise)
      return besideBody(progress, ports, authorized)
    return answer(progress, authorized, noBody, ports)
  } catch (error) {
    return refuse(progress, error)
  }
}

/** A caller who signs and asks for what is not there learns the one before the other. */
function route(
  received: Received,
  deployment: Deployment,
  stage: StageSettings,
  ports: Ports,
): Matched | Promise<unknown> {
  try {
    return match(received, deployment, stage)
  } catch (error) {
    if (received.hasBody || error instanceof DeniedError) throw error
    const caller = authenticate(received, deployment.snapshot.region, undefined, ports)
    if (caller instanceof Promise) return caller
    throw new GatewayError('RESOURCE_NOT_FOUND')
  }
}

async function behindBody(
  progress: Progress,
  ports: Ports,
  authorize: (body: Uint8Array) => Authorized | Promise<Authorized>,
): Promise<GatewayReply> {
  try {
    const body = await progress.received.readBody()
    return await answer(progress, await authorize(body), body, ports)
  } catch (error) {
    return refuse(progress, error)
  }
}

/** Whoever is refused is told so at once: the rest of the body is not waited for. */
async function besideBody(
  progress: Progress,
  ports: Ports,
  authorizing: Authorized | Promise<Authorized>,
): Promise<GatewayReply> {
  try {
    const { received } = progress
    const [authorized, body] = await Promise.all([
      authorizing,
      received.hasBody ? received.readBody() : noBody,
    ])
    return await answer(progress, authorized, body, ports)
  } catch (error) {
    return refuse(progress, error)
  }
}

function answer(
  progress: Progress,
  authorized: Authorized,
  body: Uint8Array,
  ports: Ports,
): GatewayReply | Promise<GatewayReply> {
  progress.authorized = authorized
  if (progress.times) progress.times.authorized = progress.times.now()
  const admitted = admit(authorized, ports)
  if (admitted instanceof Promise)
    return admitted
      .then((pass) => serve(progress, pass, body, ports))
      .catch((error: unknown) => refuse(progress, error))
  return serve(progress, admitted, body, ports)
}

/** Of a call that nobody has to let in any more. Never rejects. */
export async function serveAdmitted(
  progress: Progress,
  admitted: Admitted,
  body: Uint8Array,
  ports: Ports,
): Promise<GatewayReply> {
  try {
    return await serve(progress, admitted, body, ports)
  } catch (error) {
    return refuse(progress, error)
  }
}

function serve(
  progress: Progress,
  admitted: Admitted,
  body: Uint8Array,
  ports: Ports,
): GatewayReply | Promise<GatewayReply> {
  progress.admitted = admitted
  progress.body = body
  const caching = cachingOf(admitted)
  const constant = admitted.method.integration?.constantReply
  if (
    caching === undefined &&
    constant !== undefined &&
    admitted.deployment.snapshot.minimumCompressionSize === undefined &&
    body.length === 0 &&
    admitted.method.checks === undefined &&
    hasNoContentType(admitted.received)
  )
    return { ...constant, outcome: outcomeOf(progress) }
  const validated = validate(admitted, body)
  if (caching) {
    progress.cached = lookUp(validated, caching, ports)
    const { found, invalidated } = progress.cached
    if (found) return delivered(progress, found, validated)
    if (invalidated)
      return invalidated
        .then(() => ask(progress, validated, ports))
        .catch((error: unknown) => refuse(progress, error))
  }
  return ask(progress, validated, ports)
}

function ask(
  progress: Progress,
  validated: Validated,
  ports: Ports,
): GatewayReply | Promise<GatewayReply> {
  const request = mapRequest(validated)
  progress.request = request
  if (progress.times) progress.times.sent = progress.times.now()
  const integrated = integrate(request, ports)
  if (integrated instanceof Promise)
    return integrated.then(
      (response) => finish(progress, response),
      (error: unknown) => refuse(progress, error),
    )
  return finish(progress, integrated)
}

/** A content type could choose another template, or none. */
function hasNoContentType({ headers }: Received): boolean {
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]!.length === 12 && headers[at]!.toLowerCase() === 'content-type') return false
  return true
}

function finish(progress: Progress, response: IntegrationResponse): GatewayReply {
  progress.response = response
  if (progress.times) progress.times.answered = progress.times.now()
  try {
    const mapped = mapResponse(response)
    progress.cached?.keep(mapped)
    return delivered(progress, mapped, response.to.for)
  } catch (error) {
    return refuse(progress, error)
  }
}

function delivered(progress: Progress, mapped: MappedResponse, matched: Matched): GatewayReply {
  const warned = progress.cached?.warns ? withWarning(mapped) : mapped
  const response = compress(warned, matched)
  return {
    ...response,
    headers: [...response.headers, ...traceHeaders(matched)],
    outcome: outcomeOf(progress),
  }
}

function refuse(progress: Progress, error: unknown): GatewayReply {
  const refusal =
    error instanceof GatewayError
      ? error
      : new GatewayError('DEFAULT_5XX', {
          detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
  progress.refusal = refusal
  const { detail } = refusal.details
  return {
    ...answerRefusal(refusal, progress),
    outcome: {
      ...outcomeOf(progress),
      refusal: refusal.type,
      ...(refusal !== error && { isFault: true }),
      ...(detail !== undefined && { detail }),
      ...(refusal instanceof DeniedError && {
        authorization: refusal.authorization,
        caller: refusal.authorization.request.principal,
      }),
    },
  }
}

function outcomeOf({ received, matched, authorized }: Progress): Outcome {
  return {
    httpMethod: matched?.httpMethod ?? safeMethod(received),
    ...(matched && { methodArn: matched.methodArn }),
    ...(authorized && { caller: authorized.caller }),
    ...(authorized?.authorization && { authorization: authorized.authorization }),
  }
}

function safeMethod(received: Received): string {
  try {
    return methodOf(received)
  } catch {
    return received.method
  }
}
