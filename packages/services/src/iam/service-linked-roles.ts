/** Service-linked roles: made for a service, by its own rules. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { GatedOperations } from '../service.ts'
import { create, find, remove } from './entities.ts'
import { invalidInput, noSuchEntity, validationError } from './errors.ts'
import { type DeletionTask, iamCollections, newUniqueId, type RoleRecord } from './records.ts'
import { shownRole } from './roles.ts'

interface Row {
  readonly role: string
  readonly takesSuffix?: true
}

/** By service principal. @see IAM User Guide, "AWS services that work with IAM" (service-linked roles) */
const services: Readonly<Record<string, Row>> = {
  'access-analyzer.amazonaws.com': { role: 'AccessAnalyzer' },
  'apidestinations.events.amazonaws.com': { role: 'AmazonEventBridgeApiDestinations' },
  'autoscaling.amazonaws.com': { role: 'AutoScaling', takesSuffix: true },
  'cloudtrail.amazonaws.com': { role: 'CloudTrail' },
  'config.amazonaws.com': { role: 'Config' },
  'custom-resource.application-autoscaling.amazonaws.com': {
    role: 'ApplicationAutoScaling_CustomResource',
  },
  'ecs.amazonaws.com': { role: 'ECS' },
  'eks.amazonaws.com': { role: 'AmazonEKS' },
  'elasticloadbalancing.amazonaws.com': { role: 'ElasticLoadBalancing' },
  'es.amazonaws.com': { role: 'AmazonElasticsearchService' },
  'events.amazonaws.com': { role: 'CloudWatchEvents' },
  'guardduty.amazonaws.com': { role: 'AmazonGuardDuty' },
  'lambda.application-autoscaling.amazonaws.com': {
    role: 'ApplicationAutoScaling_LambdaConcurrency',
  },
  'lex.amazonaws.com': { role: 'LexBots' },
  'logger.cloudfront.amazonaws.com': { role: 'CloudFrontLogger' },
  'ops.apigateway.amazonaws.com': { role: 'APIGateway' },
  'organizations.amazonaws.com': { role: 'Organizations' },
  'rds.amazonaws.com': { role: 'RDS' },
  'replicator.lambda.amazonaws.com': { role: 'LambdaReplicator' },
  'sso.amazonaws.com': { role: 'SSO' },
  'support.amazonaws.com': { role: 'Support' },
  'trustedadvisor.amazonaws.com': { role: 'TrustedAdvisor' },
}

const taskId = /^task\/aws-service-role\/[^/]+\/[^/]+\/[0-9a-f-]{36}$/

export const serviceLinkedRoles = {
  CreateServiceLinkedRole: {
    constraints: {
      AWSServiceName: [{ minLength: 1, maxLength: 128 }, { pattern: /[\w+=,.@-]+/ }],
      CustomSuffix: [{ minLength: 1, maxLength: 64 }, { pattern: /[\w+=,.@-]+/ }],
      Description: { maxLength: 1_000 },
    },
    async handle({ AWSServiceName, CustomSuffix, Description }, call) {
      const row = Object.hasOwn(services, AWSServiceName) ? services[AWSServiceName] : undefined
      if (row === undefined)
        throw validationError(`Service principal ${AWSServiceName} is not supported by Sekisho.`)
      if (CustomSuffix !== undefined && !row.takesSuffix)
        throw invalidInput(`Custom suffix is not allowed for ${AWSServiceName}`)
      const suffix = CustomSuffix === undefined ? '' : `_${CustomSuffix}`
      const name = `AWSServiceRoleFor${row.role}${suffix}`
      const role: RoleRecord = {
        accountId: call.accountId,
        name,
        id: newUniqueId('role', call.ids),
        path: `/aws-service-role/${AWSServiceName}/`,
        createdAt: call.now.getTime(),
        inline: {},
        attached: [],
        tags: [],
        trust: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Action: ['sts:AssumeRole'],
              Effect: 'Allow',
              Principal: { Service: [AWSServiceName] },
            },
          ],
        }),
        maxSessionDuration: 3_600,
        service: AWSServiceName,
        ...(Description !== undefined && { description: Description }),
      }
      await call.documents.transact(async (transaction) => {
        const present = await transaction.get(
          iamCollections.roles,
          `${call.accountId}/${name.toLowerCase()}`,
        )
        if (present)
          throw invalidInput(
            `Service role name ${name} has been taken in this account, please try a different suffix.`,
          )
        await create(transaction, 'role', role)
      })
      return { Role: await shownRole(call.documents, role) }
    },
  },

  DeleteServiceLinkedRole: {
    async handle({ RoleName }, call) {
      const id = await call.documents.transact(async (transaction) => {
        const role = await find(transaction, 'role', call, RoleName)
        if (role.service === undefined)
          throw invalidInput(`Role ${RoleName} is not a service-linked role.`)
        const made = `task/aws-service-role/${role.service}/${role.name}/${call.ids.uuid()}`
        const task: DeletionTask = {
          roleName: role.name,
          status: 'SUCCEEDED',
          createdAt: call.now.getTime(),
        }
        transaction.put(iamCollections.deletionTasks, `${call.accountId}/${made}`, task)
        remove(transaction, 'role', role)
        return made
      })
      return { DeletionTaskId: id }
    },
  },

  GetServiceLinkedRoleDeletionStatus: {
    async handle({ DeletionTaskId }, { documents, accountId }) {
      if (!taskId.test(DeletionTaskId))
        throw invalidInput(`Invalid DeletionTaskId ${DeletionTaskId}`)
      const key = `${accountId}/${DeletionTaskId}`
      const task = (await documents.get<DeletionTask>(iamCollections.deletionTasks, key))?.value
      if (task === undefined)
        throw noSuchEntity(`Deletion task id ${DeletionTaskId} cannot be found.`)
      return { Status: task.status }
    },
  },
} satisfies GatedOperations<typeof Sdk>
