/** The managed policies of AWS that deploy tools and examples attach, as data. */

export interface AwsManagedPolicy {
  readonly name: string
  readonly path: string
  readonly arn: string
  readonly id: string
  readonly document: string
  readonly versionId: string
}

interface Row {
  readonly path?: string
  readonly statements: readonly object[]
}

const allow = (action: string | readonly string[], resource: string | readonly string[] = '*') => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
})

const writeLogs = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']
const readOfServices = [
  'apigateway:GET',
  'cloudformation:Describe*',
  'cloudformation:Get*',
  'cloudformation:List*',
  'cloudfront:Describe*',
  'cloudfront:Get*',
  'cloudfront:List*',
  'events:Describe*',
  'events:List*',
  'events:Test*',
  'iam:Generate*',
  'iam:Get*',
  'iam:List*',
  'iam:Simulate*',
  'lambda:Get*',
  'lambda:List*',
  'logs:Describe*',
  'logs:FilterLogEvents',
  'logs:Get*',
  'logs:ListTags*',
  'organizations:Describe*',
  'organizations:List*',
  's3:Get*',
  's3:List*',
  'scheduler:Get*',
  'scheduler:List*',
  'sts:GetAccessKeyInfo',
  'sts:GetCallerIdentity',
  'sts:GetSessionToken',
]

/**
 * By name. Those that speak of all of AWS (ReadOnlyAccess, SecurityAudit, ViewOnlyAccess) speak here of the services that
 * are answered here.
 * @see AWS Managed Policy Reference Guide
 */
const rows: Readonly<Record<string, Row>> = {
  AdministratorAccess: { statements: [allow('*')] },
  PowerUserAccess: {
    statements: [
      {
        Effect: 'Allow',
        NotAction: ['iam:*', 'organizations:*', 'account:*'],
        Resource: '*',
      },
      allow([
        'account:GetAccountInformation',
        'account:GetPrimaryEmail',
        'account:ListRegions',
        'iam:CreateServiceLinkedRole',
        'iam:DeleteServiceLinkedRole',
        'iam:ListRoles',
        'organizations:DescribeEffectivePolicy',
        'organizations:DescribeOrganization',
      ]),
    ],
  },
  ReadOnlyAccess: { statements: [allow(readOfServices)] },
  ViewOnlyAccess: {
    path: '/job-function/',
    statements: [
      allow(readOfServices.filter((action) => !/^s3:Get|^logs:(Get|Filter)/.test(action))),
    ],
  },
  SecurityAudit: {
    statements: [allow(readOfServices.filter((action) => action !== 's3:Get*'))],
  },
  IAMFullAccess: {
    statements: [
      allow([
        'iam:*',
        'organizations:DescribeAccount',
        'organizations:DescribeOrganization',
        'organizations:DescribeOrganizationalUnit',
        'organizations:DescribePolicy',
        'organizations:ListChildren',
        'organizations:ListParents',
        'organizations:ListPoliciesForTarget',
        'organizations:ListRoots',
        'organizations:ListPolicies',
        'organizations:ListTargetsForPolicy',
      ]),
    ],
  },
  IAMReadOnlyAccess: {
    statements: [
      allow([
        'iam:GenerateCredentialReport',
        'iam:GenerateServiceLastAccessedDetails',
        'iam:Get*',
        'iam:List*',
        'iam:SimulateCustomPolicy',
        'iam:SimulatePrincipalPolicy',
      ]),
    ],
  },
  IAMUserChangePassword: {
    statements: [
      allow('iam:ChangePassword', 'arn:aws:iam::*:user/${aws:username}'),
      allow('iam:GetAccountPasswordPolicy'),
    ],
  },
  AWSLambdaBasicExecutionRole: { path: '/service-role/', statements: [allow(writeLogs)] },
  AWSLambdaVPCAccessExecutionRole: {
    path: '/service-role/',
    statements: [
      allow([
        ...writeLogs,
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ]),
    ],
  },
  AWSLambdaRole: { path: '/service-role/', statements: [allow(['lambda:InvokeFunction'])] },
  AWSLambda_FullAccess: {
    statements: [
      allow([
        'cloudformation:DescribeStacks',
        'cloudformation:ListStackResources',
        'cloudwatch:ListMetrics',
        'cloudwatch:GetMetricData',
        'iam:GetPolicy',
        'iam:GetPolicyVersion',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:ListRoles',
        'lambda:*',
        'logs:DescribeLogGroups',
        'states:DescribeStateMachine',
        'states:ListStateMachines',
        'tag:GetResources',
      ]),
      {
        ...allow('iam:PassRole'),
        Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      },
      allow(
        [
          'logs:DescribeLogStreams',
          'logs:GetLogEvents',
          'logs:FilterLogEvents',
          'logs:StartLiveTail',
          'logs:StopLiveTail',
        ],
        'arn:aws:logs:*:*:log-group:/aws/lambda/*',
      ),
    ],
  },
  AWSLambda_ReadOnlyAccess: {
    statements: [
      allow([
        'cloudformation:DescribeStacks',
        'cloudformation:ListStackResources',
        'iam:GetPolicy',
        'iam:GetPolicyVersion',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:ListRoles',
        'lambda:Get*',
        'lambda:List*',
        'logs:DescribeLogGroups',
      ]),
      allow(
        ['logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:FilterLogEvents'],
        'arn:aws:logs:*:*:log-group:/aws/lambda/*',
      ),
    ],
  },
  AWSLambdaExecute: {
    statements: [
      allow(['logs:*'], 'arn:aws:logs:*:*:*'),
      allow(['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::*'),
    ],
  },
  AmazonAPIGatewayInvokeFullAccess: {
    statements: [
      allow(['execute-api:Invoke', 'execute-api:ManageConnections'], 'arn:aws:execute-api:*:*:*'),
    ],
  },
  AmazonAPIGatewayAdministrator: {
    statements: [allow(['apigateway:*'], 'arn:aws:apigateway:*::/*')],
  },
  AmazonAPIGatewayPushToCloudWatchLogs: {
    path: '/service-role/',
    statements: [
      allow([
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:PutLogEvents',
        'logs:GetLogEvents',
        'logs:FilterLogEvents',
      ]),
    ],
  },
  AmazonS3FullAccess: { statements: [allow(['s3:*', 's3-object-lambda:*'])] },
  AmazonS3ReadOnlyAccess: {
    statements: [
      allow([
        's3:Get*',
        's3:List*',
        's3:Describe*',
        's3-object-lambda:Get*',
        's3-object-lambda:List*',
      ]),
    ],
  },
  CloudWatchLogsFullAccess: { statements: [allow(['logs:*', 'cloudwatch:GenerateQuery'])] },
  CloudWatchLogsReadOnlyAccess: {
    statements: [
      allow([
        'logs:Describe*',
        'logs:Get*',
        'logs:List*',
        'logs:StartQuery',
        'logs:StopQuery',
        'logs:TestMetricFilter',
        'logs:FilterLogEvents',
        'logs:StartLiveTail',
        'logs:StopLiveTail',
      ]),
    ],
  },
  CloudFrontFullAccess: {
    statements: [
      allow('s3:ListAllMyBuckets', 'arn:aws:s3:::*'),
      allow([
        'acm:ListCertificates',
        'cloudfront:*',
        'iam:ListServerCertificates',
        'waf:ListWebACLs',
      ]),
    ],
  },
  CloudFrontReadOnlyAccess: {
    statements: [
      allow([
        'acm:DescribeCertificate',
        'acm:ListCertificates',
        'cloudfront:Describe*',
        'cloudfront:Get*',
        'cloudfront:List*',
        'iam:ListServerCertificates',
      ]),
    ],
  },
  AmazonEventBridgeFullAccess: { statements: [allow(['events:*', 'schemas:*', 'scheduler:*'])] },
  AmazonEventBridgeSchedulerFullAccess: {
    statements: [
      allow('scheduler:*'),
      {
        ...allow('iam:PassRole', 'arn:aws:iam::*:role/*'),
        Condition: { StringLike: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      },
    ],
  },
  AWSCloudFormationFullAccess: { statements: [allow('cloudformation:*')] },
  AWSOrganizationsFullAccess: { statements: [allow('organizations:*')] },
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** No id of AWS's own is known for certain: one that is always the same for the same name. */
function idFor(name: string): string {
  let state = 17
  return `ANPA${Array.from({ length: 17 }, (_, at) => {
    state = (state * 31 + name.charCodeAt(at % name.length) + at) % 1_000_003
    return digits[state % 32]
  }).join('')}`
}

export const awsManagedPolicies: ReadonlyMap<string, AwsManagedPolicy> = new Map(
  Object.entries(rows).map(([name, { path = '/', statements }]) => {
    const arn = `arn:aws:iam::aws:policy${path}${name}`
    const document = JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 4)
    return [arn, { name, path, arn, id: idFor(name), document, versionId: 'v1' }]
  }),
)

export function awsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  return awsManagedPolicies.get(arn)
}
