/** Functions of one file, and roles that services take. */
import type { IAM } from '@aws-sdk/client-iam'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'

const document = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [statement] })

export const trusting = (...services: readonly string[]) =>
  document({ Effect: 'Allow', Principal: { Service: services }, Action: 'sts:AssumeRole' })

export const allowing = (Action: string | readonly string[], Resource = '*') =>
  document({ Effect: 'Allow', Action, Resource })

/** What its services may do with it: `PolicyDocument`; absent: nothing. */
export async function makeRole(
  access: IAM,
  RoleName: string,
  services: readonly string[],
  PolicyDocument?: string,
): Promise<void> {
  await access.createRole({ RoleName, AssumeRolePolicyDocument: trusting(...services) })
  if (PolicyDocument !== undefined)
    await access.putRolePolicy({ RoleName, PolicyName: 'own', PolicyDocument })
}

export const roleArn = (name: string) => `arn:aws:iam::000000000000:role/${name}`

/** As `createFunction` takes it. */
export const nodeFunction = (FunctionName: string, code: string, role = 'functions') => ({
  FunctionName,
  Runtime: 'nodejs22.x' as const,
  Role: roleArn(role),
  Handler: 'index.handler',
  Code: { ZipFile: zip([{ name: 'index.js', content: code }]) },
})
