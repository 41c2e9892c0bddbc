/** Can this ARN be a target here? */
import type { TargetService } from './send.ts'

const forms: Readonly<Record<TargetService, RegExp>> = {
  lambda: /^function:[a-zA-Z0-9-_]{1,140}(?::(?:\$LATEST|[a-zA-Z0-9-_]+))?$/,
  logs: /^log-group:[.\-_/#A-Za-z0-9]{1,512}(?::\*)?$/,
  events: /^event-bus\/[.\-_A-Za-z0-9/]{1,256}$/,
}

export interface Place {
  readonly accountId: string
  readonly region: string
}

/** Undefined: it can; else why not, in AWS's words where AWS has some. */
export function whyNoTarget(arn: string, place: Place): string | undefined {
  const match = /^arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):(\d{12}|):(.+)$/.exec(arn)
  if (match === null)
    return `Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`
  const [, service = '', region = '', account = '', resource = ''] = match
  if (!Object.hasOwn(forms, service))
    return `${service} is not a supported service for a target. Sekisho has: functions, log groups, event buses.`
  if (account === '' || !forms[service as TargetService].test(resource))
    return `Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`
  if (service === 'logs' && account !== place.accountId)
    return `Parameter ${arn} is not valid. Reason: Log groups of other accounts are not supported by Sekisho.`
  return region === place.region
    ? undefined
    : `The target ARN provided does not match the current region ${place.region}. Targets in other regions are not supported by Sekisho.`
}
