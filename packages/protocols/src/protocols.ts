/** Protocol by name. */
import { awsJson10, awsJson11 } from './aws-json.ts'
import { awsQuery } from './aws-query.ts'
import type { Protocol, ProtocolName } from './protocol.ts'
import { restJson } from './rest-json.ts'
import { restXml } from './rest-xml.ts'
import { rpcV2Cbor } from './rpc-v2-cbor.ts'

export const protocols = {
  restJson1: restJson,
  restXml,
  awsQuery,
  awsJson1_0: awsJson10,
  awsJson1_1: awsJson11,
  rpcv2Cbor: rpcV2Cbor,
} as const satisfies Record<ProtocolName, Protocol>
