/** Puts the policy back to its baseline, which lies in S3: nobody deletes that by accident. */
import { isDeepStrictEqual } from 'node:util'
import { IAM } from '@aws-sdk/client-iam'
import { S3 } from '@aws-sdk/client-s3'
import { addressesOf, defaultOf, documentOf, makeDefault, versionsOf } from './versions.mjs'

const iam = new IAM()
const s3 = new S3()

export async function handler() {
  const { POLICY_ARN: arn, BUCKET: Bucket, KEY: Key } = process.env
  const { Body } = await s3.getObject({ Bucket, Key })
  const baseline = JSON.parse(await Body.transformToString())
  if (addressesOf(baseline).length === 0) throw new Error('the baseline lists no address')
  const now = await documentOf(iam, arn, defaultOf(await versionsOf(iam, arn)))
  if (isDeepStrictEqual(now, baseline)) return { message: 'nothing to reset' }
  return { message: `reset by v${await makeDefault(iam, arn, baseline)}` }
}
