/** AWS's service that explains a denial to who may ask, on one screen. */

import { AwsError } from '@sekisho/protocols'
import { type Call, defineOwnService } from '../service.ts'
import type { ConsultedPolicy, PolicyTrace, PolicyType, Trace } from './explained.ts'

const needs = () =>
  [{ action: 'iam:GetRequestAuthorizationDetails', resource: '*' } as const] as const
const keptMs = 24 * 3_600_000
const form = /^[0-9a-z]{25}$/

export const iamToolbox = defineOwnService('iam-toolbox', {
  sdk: () => import('./schemas.ts'),
  validation: { code: 'ValidationException', prefix: () => '' },
  operations: {
    GetRequestAuthorizationDetails: {
      needs,
      async handle({ authorizationId }, call) {
        const { trace, context, policies } = await explained(String(authorizationId), call)
        return {
          requestContext: { ...context, 'aws:PrincipalArn': context['aws:principalarn'] },
          evaluations: [
            {
              action: trace.action,
              resource: trace.resource,
              context,
              evaluatedEffect: effects[trace.effect],
              matchedPolicies: trace.policies.map(matchedOf).filter(hasMatched),
            },
          ],
          policies: policies.map(({ type, name }) => ({
            type: types[type],
            inline: !name.startsWith('arn:'),
            uri: uriOf(type, name),
            attachedTo: 'arn' in trace.principal ? [{ arn: trace.principal.arn }] : [],
          })),
        }
      },
    },

    GetRequestAuthorizationPolicy: {
      needs,
      async handle({ authorizationId, policyUri }, call) {
        const { policies } = await explained(String(authorizationId), call)
        const found = policies.find(({ type, name }) => uriOf(type, name) === policyUri)
        if (found === undefined) throw notFound('There is no such policy in these details.')
        return { policyDocument: found.source }
      },
    },
  },
})

/** A request id in other digits: 25 of `0-9a-z`. */
export function authorizationIdOf(requestId: string): string {
  return BigInt(`0x${requestId.replaceAll('-', '')}`)
    .toString(36)
    .padStart(25, '0')
}

function requestIdOf(authorizationId: string): string {
  let number = 0n
  for (const digit of authorizationId) number = number * 36n + BigInt(Number.parseInt(digit, 36))
  const hex = number.toString(16).padStart(32, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** @throws AwsError  no such id, another account's, or older than a day: the same answer */
async function explained(authorizationId: string, { accountId, now, explain }: Call) {
  if (!form.test(authorizationId))
    throw new AwsError('ValidationException', 'The authorization id is not valid.', 400)
  const found = await explain(requestIdOf(authorizationId))
  if (found?.accountId !== accountId || now.getTime() - found.at > keptMs)
    throw notFound('No authorization details were found for this id.')
  return found
}

function notFound(message: string) {
  return new AwsError('ResourceNotFoundException', message, 404)
}

const effects = {
  Allow: 'ALLOW',
  ExplicitDeny: 'EXPLICIT_DENY',
  ImplicitDeny: 'IMPLICIT_DENY',
} as const satisfies Record<Trace['effect'], string>

const types = {
  identity: 'IDENTITY_BASED_POLICY',
  resource: 'RESOURCE_BASED_POLICY',
  trust: 'RESOURCE_BASED_POLICY',
  boundary: 'PERMISSIONS_BOUNDARY',
  session: 'SESSION_POLICY',
  scp: 'SERVICE_CONTROL_POLICY',
  rcp: 'RESOURCE_CONTROL_POLICY',
  vpcEndpoint: 'VPC_ENDPOINT_POLICY',
} as const satisfies Record<PolicyType, string>

function uriOf(type: ConsultedPolicy['type'], name: string): string {
  return name.startsWith('arn:') ? name : `${type}:${name}`
}

function matchedOf({ type, name, statements }: PolicyTrace) {
  return {
    uri: uriOf(type, name),
    matchedStatements: statements
      .filter(({ applies }) => applies)
      .map(({ sid, effect }) => ({ ...(sid && { sid }), evaluatedEffect: effect.toUpperCase() })),
  }
}

function hasMatched({ matchedStatements }: ReturnType<typeof matchedOf>): boolean {
  return matchedStatements.length > 0
}
