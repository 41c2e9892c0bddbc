/** The AWS APIs that are answered here, one line each. */
import { apigateway } from './apigateway/index.ts'
import { cloudfront, cloudfrontKeyValueStore } from './cloudfront/index.ts'
import { events } from './events/index.ts'
import { iam } from './iam/index.ts'
import { iamToolbox } from './iam-toolbox/index.ts'
import { lambda } from './lambda/index.ts'
import { logs } from './logs/index.ts'
import { organizations } from './organizations/index.ts'
import { s3 } from './s3/index.ts'
import { scheduler } from './scheduler/index.ts'
import type { Service } from './service.ts'
import { sts } from './sts/index.ts'

export const services: readonly Service[] = [
  apigateway,
  iam,
  iamToolbox,
  sts,
  organizations,
  lambda,
  logs,
  events,
  scheduler,
  cloudfront,
  cloudfrontKeyValueStore,
  s3,
]

export { connectionCollections, loadConnection } from './apigateway/connection-records.ts'
export {
  type DomainRecord,
  domainCollections,
  loadDomain,
} from './apigateway/domain-records.ts'
export {
  type ApiKeyRecord,
  keyCollections as apiKeyCollections,
  keyOfValue as loadApiKey,
  loadUsagePlan,
  type UsagePlanRecord,
} from './apigateway/key-records.ts'
export {
  collections as apigatewayCollections,
  type DeployedStage,
  loadDeployedStage,
  type RestApiRecord,
  type UndeployedPolicy,
  undeployedPolicies,
} from './apigateway/records.ts'
export {
  type KeyValues,
  keyValueCollections,
  loadKeyValues,
} from './cloudfront/key-value-records.ts'
export { cloudfrontCollections } from './cloudfront/records.ts'
export { findServedId, loadDistribution, namesOverHttp2 } from './cloudfront/served.ts'
export type { EdgeFunctionTester } from './cloudfront/tester.ts'
export { occurRule, replanRules } from './events/occur.ts'
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
export { type Acting, readsTime } from './iam/acting.ts'
export { type Identities, openIdentities } from './iam/identities.ts'
export { issueTo, issueToFunction, type Wanted } from './iam/issue.ts'
export { ensureOrganization, type Place, servicesWithResourceControl } from './iam/organization.ts'
export { principalKeyRows, principalKeys } from './iam/principal-keys.ts'
export {
  compiled as compiledPolicy,
  type Identity,
  identityOfRoot,
  type Nobody,
} from './iam/principals.ts'
export {
  accessKeyUsesCollection,
  iamCollections,
  roleUsesCollection,
  type Use,
} from './iam/records.ts'
export type { Explained } from './iam-toolbox/explained.ts'
export { authorizationIdOf } from './iam-toolbox/index.ts'
export { askFunction, beginInvocation, findSteady, refusalOf, type Steady } from './lambda/ask.ts'
export { sweepCode } from './lambda/code.ts'
export { type EventRecord, readEventKey } from './lambda/events.ts'
export { qualifiedArnOf } from './lambda/names.ts'
export { lambdaCollections, runnable } from './lambda/records.ts'
export { type RunEventOptions, runEvent } from './lambda/run-event.ts'
export {
  type CodeArchive,
  type FunctionRunner,
  type Invocation,
  type InvocationResult,
  type RunnableFunction,
  RunnerError,
  type RunnerErrorCode,
} from './lambda/runner.ts'
export {
  findUrl,
  type UrlCall,
  type UrlCors,
  type UrlRecord,
  urlCall,
} from './lambda/url-records.ts'
export { WrittenEvent } from './lambda/written-event.ts'
export { appendEvents } from './logs/append.ts'
export { deliveriesOf, deliveryCollections } from './logs/delivery-records.ts'
export { type GroupName, groupArn, logsCollections } from './logs/records.ts'
export { sweepLogs } from './logs/sweep.ts'
export { sweepLoose } from './s3/content.ts'
export { type Expiring, expireObjects } from './s3/expire.ts'
export { s3Collections } from './s3/records.ts'
export { tellEvents } from './s3/tell.ts'
export { completeSchedule, occurSchedule, replanSchedules } from './scheduler/occur.ts'
export type {
  AnyOperation,
  Behalf,
  Call,
  CallAws,
  CertifiedKey,
  IdSource,
  Need,
  OriginRequest,
  Service,
} from './service.ts'
export {
  bytesOfKey as bytesOfDelivery,
  type Delivery,
  type Due,
  deliveriesCollection,
  dueDeliveries,
  failDelivery,
  isBacklogFull,
  keepBacklogFull,
  mostWaiting,
  nextDeliveryAt,
  settleDelivery,
} from './timetable/deliveries.ts'
export { nextRunAt, type Runner, runsCollection, takeUpRuns, timeOfKey } from './timetable/runs.ts'
export { type ReadInput, send as sendDelivery } from './timetable/send.ts'
