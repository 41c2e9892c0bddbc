/** Lists one more address from where users may work: a new version of the policy, in force at once. */
import { isIP } from 'node:net'
import { IAM } from '@aws-sdk/client-iam'
import {
  addressesOf,
  defaultOf,
  documentOf,
  isIn,
  makeDefault,
  numberOf,
  versionsOf,
  withAddresses,
  withPrefix,
} from './versions.mjs'

const iam = new IAM()

export async function handler({ SourceIp }) {
  const arn = process.env.POLICY_ARN
  const address = singlePublicAddress(SourceIp)
  const versions = await versionsOf(iam, arn)
  const document = await documentOf(iam, arn, defaultOf(versions))
  let others = addressesOf(document)
  if (isIn(address, others)) return { message: `${address} is listed already` }
  let at = Math.max(...versions.map(numberOf))
  for (let count = 0; count < 10; count++) {
    const made = await makeDefault(iam, arn, withAddresses(document, [...others, address]))
    const merged = await withWhatCameBetween(arn, others, at, made)
    if (merged === undefined) return { message: `${address} is listed` }
    others = merged.filter((each) => each !== address)
    at = made
  }
  throw new Error('the policy changes too fast')
}

/**
 * Two calls at once: the later version does not know of the earlier one. Ids are in order, so whoever comes later finds
 * the earlier ones between those that were there and its own, and takes their addresses over. A version that has fewer
 * is a reset, which counts.
 */
async function withWhatCameBetween(arn, before, after, made) {
  const between = (await versionsOf(iam, arn))
    .filter((each) => after < numberOf(each) && numberOf(each) < made)
    .sort((one, other) => numberOf(one) - numberOf(other))
  let known = before
  for (const version of between) {
    const found = addressesOf(await documentOf(iam, arn, version))
    const isReset = known.some((each) => !found.includes(each))
    known = isReset ? found : [...new Set([...known, ...found])]
  }
  return between.length > 0 ? known : undefined
}

/** What nobody calls from, or what is no single caller. */
const notPublic = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3',
  '::/8 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8',
]
  .join(' ')
  .split(' ')

function singlePublicAddress(text) {
  const also = (process.env.ALSO_PUBLIC ?? '').split(' ').filter((each) => each !== '')
  const isAddress = typeof text === 'string' && isIP(text) !== 0 && !text.includes('%')
  if (!isAddress || (isIn(text, notPublic) && !isIn(text, also)))
    throw new Error('SourceIp is not a public address')
  return withPrefix(text)
}
