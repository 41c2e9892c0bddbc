/** In whose name does an integration ask a service? */
import { GatewayError } from '../gateway-responses.ts'
import type { IntegrationRequest } from '../pass.ts'
import type { OnBehalf } from '../ports.ts'
import { fillStageVariables } from '../stage-variables.ts'

/** The caller's own credentials. */
const ofCaller = /^arn:aws[a-z-]*:iam::\*:user\/\*$/
const ofRole = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/

/**
 * A role that was handed over, the caller, or the gateway itself, which names the method it asks for.
 *
 * @throws GatewayError API_CONFIGURATION_ERROR
 * @see API Gateway Developer Guide, "API Gateway permissions model for invoking an API", "Permissions for Lambda"
 */
export function behalfOf({ for: pass }: IntegrationRequest): OnBehalf {
  const { deployment, stage, httpMethod, method, identity, received } = pass
  const { accountId, region } = deployment.snapshot
  const resource = `${deployment.arnPrefix}${stage.stageName}/${httpMethod}${method.resource.path}`
  const common = { accountId, region, sourceArn: resource, causedBy: received.requestId }
  const { credentials } = method.integration!.definition
  if (credentials === undefined || credentials === '') return common
  const filled = fillStageVariables(credentials, stage.variables)
  if (ofRole.test(filled)) return { ...common, roleArn: filled }
  if (!ofCaller.test(filled))
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `\`${filled}\` is no role that could be assumed`,
    })
  if (identity === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: 'the integration needs the credentials of a caller, and this one has none',
    })
  return { ...common, identity }
}
