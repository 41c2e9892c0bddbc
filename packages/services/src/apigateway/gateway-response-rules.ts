/** Is this an answer that the gateway could give? */
import { ofTheConnection, type SnapshotGatewayResponse } from '@sekisho/gateway'
import { badRequest, invalidMapping } from './errors.ts'
import { checkTemplates } from './integration-rules.ts'

const target = /^gatewayresponse\.header\.([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/
const source =
  /^(?:'[^'\r\n]*'|context\.[\w.]+|stageVariables\.\w+|method\.request\.(?:path|(?:multivalue)?querystring|(?:multivalue)?header)\.[^\s]+)$/

/**
 * @see API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway"
 * @throws AwsError BadRequestException
 */
export function checkGatewayResponse(response: SnapshotGatewayResponse): SnapshotGatewayResponse {
  const { statusCode, responseParameters = {}, responseTemplates } = response
  if (statusCode !== undefined && !/^[1-5]\d\d$/.test(statusCode))
    throw badRequest(`Invalid status code specified: ${statusCode}`)
  for (const [name, value] of Object.entries(responseParameters)) {
    const header = target.exec(name)?.[1]
    if (header === undefined || ofTheConnection.has(header.toLowerCase()))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${name}`)
    if (!source.test(value)) throw invalidMapping(`Invalid mapping expression specified: ${value}`)
  }
  checkTemplates(responseTemplates)
  return response
}
