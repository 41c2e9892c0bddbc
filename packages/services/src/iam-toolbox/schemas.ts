/**
 * The shapes of AWS's service that explains denials (preview; no client has it), in the form of the clients' own schemas.
 * @see IAM User Guide, "Troubleshoot access denied error messages" (authorization details)
 */

const namespace = 'com.amazonaws.iamtoolbox'
const text = 0
const flag = 2
const document = 15
const label = 1

const struct = (name: string, members: Readonly<Record<string, unknown>>, required = 0) =>
  [3, namespace, name, 0, Object.keys(members), Object.values(members), required] as const
const list = (name: string, member: unknown) => [1, namespace, name, 0, member] as const
const error = (name: string, status: number) =>
  [
    -3,
    namespace,
    name,
    { error: status < 500 ? 'client' : 'server', httpError: status },
    ['message'],
    [text],
  ] as const

const MatchedStatement = struct('MatchedStatement', { sid: text, evaluatedEffect: text })
const MatchedPolicy = struct('MatchedPolicy', {
  uri: text,
  matchedStatements: list('MatchedStatements', MatchedStatement),
})
const Evaluation = struct('Evaluation', {
  action: text,
  resource: text,
  context: document,
  evaluatedEffect: text,
  matchedPolicies: list('MatchedPolicies', MatchedPolicy),
})
const AttachedTo = struct('AttachedTo', { arn: text })
const PolicyInfo = struct('PolicyInfo', {
  type: text,
  inline: flag,
  uri: text,
  attachedTo: list('AttachedToList', AttachedTo),
})

export const GetRequestAuthorizationDetails$ = [
  9,
  namespace,
  'GetRequestAuthorizationDetails',
  { http: ['GET', '/authorization-details/{authorizationId}', 200] },
  struct(
    'GetRequestAuthorizationDetailsRequest',
    { authorizationId: [text, label], nextToken: [text, { httpQuery: 'nextToken' }] },
    1,
  ),
  struct('GetRequestAuthorizationDetailsResponse', {
    requestContext: document,
    evaluations: list('Evaluations', Evaluation),
    policies: list('PolicyInfoList', PolicyInfo),
    nextToken: text,
  }),
] as const

export const GetRequestAuthorizationPolicy$ = [
  9,
  namespace,
  'GetRequestAuthorizationPolicy',
  { http: ['GET', '/authorization-details/{authorizationId}/policy', 200] },
  struct(
    'GetRequestAuthorizationPolicyRequest',
    { authorizationId: [text, label], policyUri: [text, { httpQuery: 'policyUri' }] },
    2,
  ),
  struct('GetRequestAuthorizationPolicyResponse', { policyDocument: text }),
] as const

export const AccessDeniedException$ = error('AccessDeniedException', 403)
export const ResourceNotFoundException$ = error('ResourceNotFoundException', 404)
export const ValidationException$ = error('ValidationException', 400)
