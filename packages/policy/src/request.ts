/** What is asked: who wants to do what to which resource, and under which circumstances. */

/**
 * The caller, as authentication found it. ARNs are unmasked and complete.
 * @see IAM User Guide, "AWS JSON policy elements: Principal"
 */
export type Principal =
  | { readonly type: 'anonymous' }
  | { readonly type: 'root'; readonly accountId: string; readonly arn: string }
  | {
      readonly type: 'user'
      readonly accountId: string
      readonly arn: string
      /** The unique id (`AIDA…`) that a stored policy names instead of the ARN. */
      readonly userId: string
    }
  | {
      readonly type: 'assumed-role'
      readonly accountId: string
      /** `arn:aws:sts::…:assumed-role/ROLE/SESSION` */
      readonly arn: string
      /** `arn:aws:iam::…:role/path/ROLE` */
      readonly roleArn: string
      /** The unique id (`AROA…`) that a stored policy names instead of the role's ARN. */
      readonly roleId: string
      /** SCPs and RCPs do not apply to service-linked roles. */
      readonly isServiceLinked?: boolean
    }
  | {
      readonly type: 'federated-user'
      readonly accountId: string
      /** `arn:aws:sts::…:federated-user/NAME` */
      readonly arn: string
      /** The IAM user (or root) who called GetFederationToken. */
      readonly userArn: string
      readonly userId: string
    }
  | {
      /** Only while AssumeRoleWithWebIdentity or AssumeRoleWithSAML is being decided. */
      readonly type: 'federated'
      /** Provider ARN, or a well-known host such as `cognito-identity.amazonaws.com`. */
      readonly provider: string
    }
  | { readonly type: 'service'; readonly service: string }

/** One value for a single-valued key, a list (possibly empty) for a multivalued one. */
export type ContextValue = string | readonly string[]

/** Condition key (lower case) to value; a key that is absent from the request gives undefined. A Map will do. */
export interface ContextValues {
  get(lowerCaseKey: string): ContextValue | undefined
}

export interface AuthorizationRequest {
  readonly principal: Principal
  /** `service:Name`, as the service authorization reference spells it. */
  readonly action: string
  /** The ARN, or `*` for actions that have no resource. */
  readonly resource: string
  /** Whose resource it is. Undefined: the caller's own account (or nobody's, for `*`). */
  readonly resourceAccountId?: string | undefined
  readonly context: ContextValues
}
