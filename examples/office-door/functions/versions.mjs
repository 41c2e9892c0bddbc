/** New default versions of a managed policy, of which IAM keeps five. */
import { BlockList, isIP } from 'node:net'

const kept = 5
const tries = 10

/** `v12` is 12: ids only ever go up. */
export const numberOf = ({ VersionId }) => Number(VersionId.slice(1))

export async function versionsOf(iam, PolicyArn) {
  return (await iam.listPolicyVersions({ PolicyArn })).Versions
}

export const defaultOf = (versions) => versions.find(({ IsDefaultVersion }) => IsDefaultVersion)

export async function documentOf(iam, PolicyArn, { VersionId }) {
  const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId })
  return JSON.parse(decodeURIComponent(PolicyVersion.Document))
}

/** Adds a version that is in force at once; the oldest that is not makes room for it. Returns its number. */
export async function makeDefault(iam, PolicyArn, document) {
  for (let count = 0; count < tries; count++) {
    const versions = await versionsOf(iam, PolicyArn)
    try {
      if (versions.length >= kept) {
        const others = versions.filter(({ IsDefaultVersion }) => !IsDefaultVersion)
        const [{ VersionId }] = others.sort((one, other) => numberOf(one) - numberOf(other))
        await iam.deletePolicyVersion({ PolicyArn, VersionId })
      }
      const PolicyDocument = JSON.stringify(document)
      const made = await iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true })
      return numberOf(made.PolicyVersion)
    } catch ({ name, message }) {
      // Somebody else was faster: look again.
      if (!/NoSuchEntity|DeleteConflict|LimitExceeded/.test(name)) throw new Error(message)
    }
  }
  throw new Error('the policy has no room for another version')
}

/** The conditions that list addresses. */
function* blocksOf({ Statement }) {
  for (const { Condition } of [Statement].flat())
    for (const key of Object.keys(Condition?.NotIpAddress ?? {}))
      if (key.toLowerCase() === 'aws:sourceip') yield [Condition.NotIpAddress, key]
}

export function addressesOf(document) {
  return [...blocksOf(document)].flatMap(([block, key]) => block[key]).map(withPrefix)
}

export function withAddresses(document, addresses) {
  for (const [block, key] of blocksOf(document)) block[key] = addresses
  return document
}

/** `192.0.2.1` is `192.0.2.1/32`. */
export function withPrefix(address) {
  return address.includes('/') ? address : `${address}/${isIP(address) === 4 ? 32 : 128}`
}

/** Is the address in one of the blocks? Blocks of the other family do not count, mapped or not. */
export function isIn(address, blocks) {
  const [single] = address.split('/')
  const family = isIP(single)
  const list = new BlockList()
  for (const block of blocks) {
    const [network, prefix] = withPrefix(block).split('/')
    if (isIP(network) === family) list.addSubnet(network, Number(prefix), `ipv${family}`)
  }
  return list.check(single, `ipv${family}`)
}
