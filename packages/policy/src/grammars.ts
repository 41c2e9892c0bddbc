/** What each type of policy may say: one row a type. */
import type { PolicyType } from './decision.ts'

export interface Grammar {
  /** Of policies that are attached to resources alone. */
  readonly hasId: boolean
  readonly sid: RegExp
  readonly principal: 'required' | 'prohibited' | 'everybody'
  readonly notPrincipal: boolean
  readonly notAction: boolean
  readonly resource: 'required' | 'prohibited' | 'optional'
  /** Actions outside are refused; undefined: any. */
  readonly actions?: RegExp
  /** Allow is left to the one statement that allows everything. */
  readonly denyOnly: boolean
  /** What to do with an ARN of fewer than six parts: the missing ones are `*`, … */
  readonly shortArn:
    | 'filled'
    | 'filled if it has a wildcard'
    | 'filled if it ends in a wildcard'
    | 'refused'
}

const alphanumeric = /^[A-Za-z0-9]*$/
/** Services other than IAM take more (S3 and SQS spaces, Lambda hyphens and underscores). */
const printable = /^[\u0020-\u007e]*$/

const identity: Grammar = {
  hasId: false,
  sid: alphanumeric,
  principal: 'prohibited',
  notPrincipal: false,
  notAction: true,
  resource: 'required',
  denyOnly: false,
  shortArn: 'filled',
}

const resource: Grammar = {
  ...identity,
  hasId: true,
  sid: printable,
  principal: 'required',
  notPrincipal: true,
  shortArn: 'filled if it has a wildcard',
}

/**
 * @see IAM User Guide, "Grammar of the IAM JSON policy language"; AWS Organizations User Guide, "SCP syntax" and
 *      "RCP syntax"
 */
export const grammars = {
  identity,
  boundary: identity,
  session: identity,
  resource,
  vpcEndpoint: resource,
  trust: {
    ...identity,
    hasId: true,
    sid: printable,
    principal: 'required',
    resource: 'prohibited',
    actions:
      /^sts:(?:AssumeRole(?:With(?:SAML|WebIdentity))?|TagSession|SetSourceIdentity|SetContext|\w*[*?][\w*?]*)$/i,
  },
  scp: { ...identity, shortArn: 'filled if it ends in a wildcard' },
  rcp: {
    ...identity,
    principal: 'everybody',
    notAction: false,
    denyOnly: true,
    shortArn: 'refused',
  },
} satisfies Record<PolicyType, Grammar> as Record<PolicyType, Grammar>
