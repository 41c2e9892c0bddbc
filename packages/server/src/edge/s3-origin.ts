/** Buckets behind an origin access control: asked as CloudFront itself, which the bucket's policy has to let in. */

import { OriginError, type OriginRequest, type OriginResponse } from '@sekisho/edge'
import { headerOf } from '@sekisho/protocols'
import type { ForwardInside } from '../api/inside.ts'
import type { Reply } from '../arrival.ts'
import { responseOf, withHost } from './own-origin.ts'

/** @see CloudFront API Reference, "OriginAccessControlConfig", `SigningBehavior` */
export function signs({ origin, headers }: OriginRequest): boolean {
  if (origin.kind !== 's3') return false
  if (origin.signing === 'no-override') return headerOf(headers, 'authorization') === undefined
  return origin.signing === 'always'
}

/** @param region  of buckets whose domain name does not say theirs */
export async function askBucket(
  request: OriginRequest,
  forward: ForwardInside,
  region: string,
): Promise<OriginResponse> {
  const { origin, method, rawQuery, headers, body } = request
  const { id, accountId } = request.distribution.snapshot
  const [, named] = /\.s3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(origin.domainName) ?? []
  let reply: Reply
  try {
    reply = await forward(
      {
        method,
        rawPath: request.rawPath === '' ? '/' : request.rawPath,
        rawQuery,
        headers: withHost(unsigned(headers), origin.domainName),
        body,
      },
      's3',
      {
        accountId,
        region: named ?? region,
        service: 'cloudfront.amazonaws.com',
        sourceArn: `arn:aws:cloudfront::${accountId}:distribution/${id}`,
        causedBy: request.edgeRequestId,
      },
    )
  } catch (error) {
    throw new OriginError('BROKEN', 'the answer failed', { cause: error })
  }
  return responseOf(reply)
}

/** Whatever the viewer signed is replaced by CloudFront's own word. */
function unsigned(headers: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (!/^(?:authorization|x-amz-(?:date|security-token))$/i.test(headers[at]!))
      kept.push(headers[at]!, headers[at + 1]!)
  return kept
}
