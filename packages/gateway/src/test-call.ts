/** What a tried method or authorizer is told of a call that nobody has sent. */
import type { Received } from './pass.ts'
import type { Ports } from './ports.ts'

/** What a method and an authorizer are both tried with. */
export interface TestedCall {
  readonly requestId: string
  readonly path: string
  readonly rawQuery: string
  /** Name, value, name, value … */
  readonly headers: readonly string[]
  readonly stageVariables: Readonly<Record<string, string>>
}

/** As AWS calls the stage that there is not. */
export const testStage = 'test-invoke-stage'

export function receivedInTest(
  { requestId, path, rawQuery, headers }: TestedCall,
  method: string,
  body: Uint8Array,
  { nowMs }: Pick<Ports, 'nowMs'>,
): Received {
  return {
    requestId,
    extendedRequestId: requestId,
    method,
    rawPath: `/${testStage}${path}`,
    stagePath: path,
    rawQuery,
    headers,
    sourceIp: 'test-invoke-source-ip',
    domainName: 'testPrefix.testDomainName',
    isSecure: true,
    receivedAtMs: nowMs(),
    hasBody: body.length > 0,
    readBody: async () => body,
  }
}

/** As their logs have it: `Tue Nov 21 10:11:12 UTC 2026`. */
export function timeOf(ms: number): string {
  const [, weekday, day, month, year, time] =
    /^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/.exec(new Date(ms).toUTCString()) ?? []
  return `${weekday} ${month} ${day} ${time} UTC ${year}`
}
