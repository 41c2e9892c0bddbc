/** The SDK clients that speak to each service: their serializers are what we have to understand. */
import { readModel, type ServiceModel } from './model.ts'
import type { SdkModule } from './operations.ts'
import type { ServiceName } from './services.ts'

/** A preview that no client of AWS's has yet. */
type WithoutClient = 'iam-toolbox'
export type ClientName = Exclude<ServiceName, WithoutClient>

export const clients: Readonly<Record<ClientName, () => Promise<SdkModule>>> = {
  apigateway: () => import('@aws-sdk/client-api-gateway'),
  iam: () => import('@aws-sdk/client-iam'),
  sts: () => import('@aws-sdk/client-sts'),
  organizations: () => import('@aws-sdk/client-organizations'),
  lambda: () => import('@aws-sdk/client-lambda'),
  s3: () => import('@aws-sdk/client-s3'),
  events: () => import('@aws-sdk/client-eventbridge'),
  scheduler: () => import('@aws-sdk/client-scheduler'),
  logs: () => import('@aws-sdk/client-cloudwatch-logs'),
  cloudfront: () => import('@aws-sdk/client-cloudfront'),
  'cloudfront-keyvaluestore': () => import('@aws-sdk/client-cloudfront-keyvaluestore'),
  cloudformation: () => import('@aws-sdk/client-cloudformation'),
  accessanalyzer: () => import('@aws-sdk/client-accessanalyzer'),
}

export const serviceNames = Object.keys(clients) as readonly ClientName[]

export async function modelOf(name: ServiceName): Promise<ServiceModel> {
  return readModel(await clients[name as ClientName]())
}
