/** Versions: what a function was when it was published, and stays. */
import { createHash } from 'node:crypto'
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Call, Operations } from '../service.ts'
import { shown } from './configuration.ts'
import { invalidParameter } from './errors.ts'
import { functionNeed } from './gate.ts'
import { type FunctionName, keyOf, latest, namedBy, versionKeyOf } from './names.ts'
import { pageOf } from './paging.ts'
import {
  type FunctionRecord,
  findFunction,
  lambdaCollections,
  readVersion,
  type VersionRecord,
} from './records.ts'
import { checkRevision } from './revisions.ts'

export const versions = {
  PublishVersion: {
    constraints: { Description: { maxLength: 256 } },
    needs: async ({ FunctionName }, call) => [
      await functionNeed('PublishVersion', FunctionName, call),
    ],
    handle: (input, call) => publish(call, namedBy(input.FunctionName, call), input),
  },

  ListVersionsByFunction: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('ListVersionsByFunction', FunctionName, call),
    ],
    async handle({ FunctionName, ...asked }, call) {
      const named = namedBy(FunctionName, call)
      const fn = await findFunction(call.documents, named)
      const prefix = `${keyOf(named)}/`
      const { versions } = lambdaCollections
      const page = await pageOf<VersionRecord>(call.documents, versions, prefix, asked)
      return {
        Versions: [
          ...(asked.Marker === undefined ? [shown(fn, latest, latest)] : []),
          ...page.items.map((each) => shown(each, each.version, each.version)),
        ],
        ...page.next,
      }
    },
  },
} satisfies Operations<typeof Sdk>

/**
 * Publishes what the function is now; where it is what the last version is already, that one is it.
 *
 * @throws AwsError InvalidParameterValueException, PreconditionFailedException, ResourceNotFoundException
 */
export async function publish(
  call: Call,
  named: FunctionName,
  given: Pick<Sdk.PublishVersionCommandInput, 'CodeSha256' | 'Description' | 'RevisionId'>,
): Promise<Sdk.FunctionConfiguration> {
  const revisionId = call.ids.uuid()
  const record = await call.documents.transact(async (transaction) => {
    const fn = await findFunction(transaction, named)
    checkRevision(fn, given.RevisionId)
    const { sha256Base64 } = fn.code
    if (given.CodeSha256 && given.CodeSha256 !== sha256Base64)
      throw invalidParameter(
        `CodeSHA256 (${given.CodeSha256}) is different from current CodeSHA256 in $LATEST (${sha256Base64}). Please try again with the CodeSHA256 in $LATEST.`,
      )
    const { lastVersion = 0 } = fn
    const fingerprint = fingerprintOf(fn)
    const last = await readVersion(transaction, named, String(lastVersion))
    if (last?.fingerprint === fingerprint) return last
    const version = String(lastVersion + 1)
    const { qualifiedPolicies: _, reservedConcurrency: __, ...frozen } = fn
    const published: VersionRecord = {
      ...frozen,
      policy: [],
      tags: {},
      description: given.Description ?? fn.description,
      modifiedAt: call.now.getTime(),
      revisionId,
      version,
      fingerprint,
    }
    transaction.put(lambdaCollections.versions, versionKeyOf(named, version), published)
    const after = { ...fn, lastVersion: lastVersion + 1 }
    transaction.put(lambdaCollections.functions, keyOf(named), after)
    return published
  })
  return shown(record, record.version, record.version)
}

/** What is the function's as a whole, or new with every change: no version is told from another by it. */
const living: ReadonlySet<string> = new Set([
  'code',
  'lastVersion',
  'modifiedAt',
  'policy',
  'qualifiedPolicies',
  'reservedConcurrency',
  'revisionId',
  'tags',
] satisfies (keyof FunctionRecord)[])

function fingerprintOf(fn: FunctionRecord): string {
  const frozen = Object.entries(fn).filter(([name]) => !living.has(name))
  const entries = [...frozen, ['code', fn.code.sha256]].sort(([a = ''], [b = '']) =>
    a < b ? -1 : 1,
  )
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex')
}
