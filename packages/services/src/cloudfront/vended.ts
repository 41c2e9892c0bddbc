/** Distributions whose logs others deliver: whose they are, and what whoever asks for that must be allowed. */
import type { Reader } from '@sekisho/store'
import type { Call, Needs } from '../service.ts'
import { needDistribution } from './gate.ts'
import { findDistribution } from './records.ts'

const arnForm = /^arn:aws:cloudfront::(\d{12}):distribution\/([A-Z0-9]+)$/

/** @see CloudFront Developer Guide, "Configure standard logging (v2)", "Permissions" */
export async function needsToVend(arn: string, call: Call): Promise<Needs> {
  const action = 'AllowVendedLogDeliveryForResource'
  const [, accountId, id] = arnForm.exec(arn) ?? []
  // What is no distribution of the caller's has no tags to ask for, and is refused afterwards.
  return id === undefined || accountId !== call.accountId
    ? [{ action: `cloudfront:${action}`, resource: arn }]
    : needDistribution(action, id, call)
}

export function isDistributionArn(arn: string): boolean {
  return arnForm.test(arn)
}

export async function ownsDistribution(
  reader: Reader,
  accountId: string,
  arn: string,
): Promise<boolean> {
  const [, owner, id = ''] = arnForm.exec(arn) ?? []
  return owner === accountId && (await findDistribution(reader, id))?.accountId === accountId
}
