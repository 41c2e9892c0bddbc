/** Where are the six parts of an ARN? */

/** `arn`, partition, service, region and account end at a colon each; the rest is the resource. */
export const arnParts = 6

export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly accountId: string
  readonly resource: string
}

/**
 * Splits at the first five colons; the resource part keeps the others.
 *
 * @returns undefined when the text has fewer parts or does not begin with `arn`
 * @see IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)"
 */
export function parseArn(text: string): Arn | undefined {
  const [arn, partition, service, region, accountId, ...resource] = text.split(':')
  if (arn !== 'arn' || accountId === undefined || resource.length === 0) return undefined
  return {
    partition: partition!,
    service: service!,
    region: region!,
    accountId,
    resource: resource.join(':'),
  }
}

/** Has the text the six parts of an ARN? Allocates nothing. */
export function isArn(text: string): boolean {
  if (!text.startsWith('arn:')) return false
  let colon = -1
  for (let part = 1; part < arnParts; part++) {
    colon = text.indexOf(':', colon + 1)
    if (colon < 0) return false
  }
  return true
}

/**
 * Writes where each of the six parts begins into `starts` (part n ends one before part n+1 begins).
 *
 * @returns false when there are fewer than six parts
 */
export function cutArn(text: string, starts: Int32Array): boolean {
  starts[0] = 0
  for (let part = 1; part < arnParts; part++) {
    const colon = text.indexOf(':', starts[part - 1]!)
    if (colon < 0) return false
    starts[part] = colon + 1
  }
  return true
}
