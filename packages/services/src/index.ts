/** The AWS APIs that are answered here, one line each. */
import { apigateway } from './apigateway/index.ts'
import type { Service } from './service.ts'

export const services: readonly Service[] = [apigateway]

export {
  collections as apigatewayCollections,
  type DeployedStage,
  loadDeployedStage,
  type RestApiRecord,
  type UndeployedPolicy,
  undeployedPolicies,
} from './apigateway/records.ts'
export {
  AccountError,
  type AccountWithKey,
  accessKeysCollection,
  accountsCollection,
  createAccount,
  listAccounts,
  type RootKey,
  rotateRootKey,
} from './iam/accounts.ts'
export { type Identities, type Identity, openIdentities } from './iam/principals.ts'
export type { AnyOperation, Call, IdSource, Need, Service } from './service.ts'
