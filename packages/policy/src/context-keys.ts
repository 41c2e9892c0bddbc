/** What is known of the global condition keys: the type of their values, and whether they hold several. */

export type ContextKeyType = 'string' | 'numeric' | 'date' | 'boolean' | 'ip' | 'arn' | 'binary'

export interface ContextKey {
  readonly type: ContextKeyType
  readonly isMultivalued: boolean
}

const single = (type: ContextKeyType): ContextKey => ({ type, isMultivalued: false })
const many = (type: ContextKeyType): ContextKey => ({ type, isMultivalued: true })

/**
 * Keys as AWS spells them; they are compared without regard to case. A key that ends in `/` stands for all that begin so.
 * @see IAM User Guide, "AWS global condition context keys"
 */
export const contextKeys: Readonly<Record<string, ContextKey>> = {
  'aws:CalledVia': many('string'),
  'aws:CalledViaFirst': single('string'),
  'aws:CalledViaLast': single('string'),
  'aws:CurrentTime': single('date'),
  'aws:EpochTime': single('numeric'),
  'aws:FederatedProvider': single('string'),
  'aws:MultiFactorAuthAge': single('numeric'),
  'aws:MultiFactorAuthPresent': single('boolean'),
  'aws:PrincipalAccount': single('string'),
  'aws:PrincipalArn': single('arn'),
  'aws:PrincipalIsAWSService': single('boolean'),
  'aws:PrincipalOrgID': single('string'),
  'aws:PrincipalOrgPaths': many('string'),
  'aws:PrincipalServiceName': single('string'),
  'aws:PrincipalServiceNamesList': many('string'),
  'aws:PrincipalTag/': single('string'),
  'aws:PrincipalType': single('string'),
  'aws:Referer': single('string'),
  'aws:RequestTag/': single('string'),
  'aws:RequestedRegion': single('string'),
  'aws:ResourceAccount': single('string'),
  'aws:ResourceOrgID': single('string'),
  'aws:ResourceOrgPaths': many('string'),
  'aws:ResourceTag/': single('string'),
  'aws:SecureTransport': single('boolean'),
  'aws:SourceAccount': single('string'),
  'aws:SourceArn': single('arn'),
  'aws:SourceIdentity': single('string'),
  'aws:SourceIp': single('ip'),
  'aws:SourceOrgID': single('string'),
  'aws:SourceOrgPaths': many('string'),
  'aws:SourceVpc': single('string'),
  'aws:SourceVpcArn': single('arn'),
  'aws:SourceVpce': single('string'),
  'aws:TagKeys': many('string'),
  'aws:TokenIssueTime': single('date'),
  'aws:UserAgent': single('string'),
  'aws:ViaAWSService': single('boolean'),
  'aws:VpcSourceIp': single('ip'),
  'aws:VpceAccount': single('string'),
  'aws:VpceOrgID': single('string'),
  'aws:VpceOrgPaths': many('string'),
  'aws:userid': single('string'),
  'aws:username': single('string'),
}

const byLowerCase = new Map(
  Object.entries(contextKeys).map(([name, key]) => [name.toLowerCase(), key]),
)

/** @returns undefined for keys of a service, which this table does not list */
export function contextKeyOf(name: string): ContextKey | undefined {
  const lower = name.toLowerCase()
  return byLowerCase.get(lower) ?? byLowerCase.get(lower.slice(0, lower.indexOf('/') + 1))
}
