/** What does a call to Lambda need? The action on the function, whose own policy has a say. */
import { compiled } from '../iam/principals.ts'
import { type Call, type Need, passRole, type RequestKeys, requestTags } from '../service.ts'
import { arnOf, type FunctionRecord, keyOf, lambdaCollections, namedBy } from './records.ts'

/**
 * @see Service Authorization Reference, "Actions, resources, and condition keys for AWS Lambda"
 */
export async function functionNeed(
  action: string,
  name: string,
  call: Call,
  keys: RequestKeys = {},
): Promise<Need> {
  const named = namedBy(name, call)
  const key = keyOf(named.accountId, named.region, named.name)
  const found = (await call.documents.get<FunctionRecord>(lambdaCollections.functions, key))?.value
  const resource = arnOf(named)
  return {
    action: `lambda:${action}`,
    resource,
    resourceAccountId: named.accountId,
    keys: {
      ...Object.fromEntries(
        Object.entries(found?.tags ?? {}).map(([tag, value]) => [`aws:ResourceTag/${tag}`, value]),
      ),
      ...keys,
    },
    ...(found !== undefined &&
      found.policy.length > 0 && {
        resourcePolicy: compiled(policyText(found), 'resource', `policy of ${resource}`),
      }),
  }
}

export function policyText({ policy }: FunctionRecord): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy })
}

export function rolePassed(role: string | undefined): readonly Need[] {
  return passRole(role, 'lambda.amazonaws.com')
}

export function tagKeys(tags: Readonly<Record<string, string>> | undefined): RequestKeys {
  return requestTags(tags)
}
