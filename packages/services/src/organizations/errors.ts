/** Organizations' errors, in its words. */
import { AwsError } from '@sekisho/protocols'

const error = (code: string) => (message: string) => new AwsError(code, message, 400)

export const notFound = {
  account: () => error('AccountNotFoundException')("You specified an account that doesn't exist."),
  parent: () => error('ParentNotFoundException')("You specified parent that doesn't exist."),
  unit: () =>
    error('OrganizationalUnitNotFoundException')(
      "You specified an organizational unit that doesn't exist.",
    ),
  policy: () => error('PolicyNotFoundException')("You specified a policy that doesn't exist."),
  target: () => error('TargetNotFoundException')("You specified a target that doesn't exist."),
  status: () =>
    error('CreateAccountStatusNotFoundException')(
      "You specified a create account request that doesn't exist.",
    ),
} as const

export const invalidInput = error('InvalidInputException')
export const constraintViolation = error('ConstraintViolationException')
export const accessDenied = () =>
  error('AccessDeniedException')("You don't have permissions to access this resource.")
export const duplicateUnit = () =>
  error('DuplicateOrganizationalUnitException')(
    'An OU with the same name already exists under this parent.',
  )
export const duplicatePolicy = () =>
  error('DuplicatePolicyException')('A policy with the same name already exists.')
export const duplicateAttachment = () =>
  error('DuplicatePolicyAttachmentException')(
    'A policy with the specified name and type is already attached to this target.',
  )
export const notAttached = () =>
  error('PolicyNotAttachedException')("The policy isn't attached to the specified target.")
export const policyInUse = () =>
  error('PolicyInUseException')(
    'The policy is attached to one or more entities. You must detach it from all roots, organizational units (OUs), and accounts before performing this operation.',
  )
export const typeNotEnabled = () =>
  error('PolicyTypeNotEnabledException')(
    'This operation can be performed only for enabled policy types.',
  )
export const typeEnabled = () =>
  error('PolicyTypeAlreadyEnabledException')('The specified policy type is already enabled.')
export const malformedPolicy = (why: string) =>
  error('MalformedPolicyDocumentException')(
    `The provided policy document does not meet the requirements of the specified policy type: ${why}`,
  )
export const notEmpty = () =>
  error('OrganizationalUnitNotEmptyException')(
    'The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again.',
  )
export const alreadyInOrganization = () =>
  error('AlreadyInOrganizationException')('The AWS account is already a member of an organization.')
