/** A server with buckets and a clock of its own: importing this starts it for the tests of that file. */
import { join } from 'node:path'
import { after, before } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as s3 from '@aws-sdk/client-s3'
import { type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
export let server: Serving
export let settings: ReturnType<typeof settingsOf>
export let owner: s3.S3
export let access: iam.IAM

before(async () => {
  server = await serve(join(folder.path, 'data'), '--test-clock')
  settings = settingsOf(server)
  owner = new s3.S3(settings)
  access = new iam.IAM(settings)
})
after(async () => {
  owner.destroy()
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

export const document = (...Statement: readonly object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement })

/** A client of a user who may do only that. */
export async function userWith(UserName: string, ...statements: readonly object[]): Promise<s3.S3> {
  await access.createUser({ UserName })
  if (statements.length > 0)
    await access.putUserPolicy({
      UserName,
      PolicyName: 'own',
      PolicyDocument: document(...statements),
    })
  const { AccessKey } = await access.createAccessKey({ UserName })
  const credentials = {
    accessKeyId: AccessKey!.AccessKeyId!,
    secretAccessKey: AccessKey!.SecretAccessKey!,
  }
  return new s3.S3({ ...settings, credentials })
}

export const denied = { name: 'AccessDenied' }
