/** What goes with a function, and what goes with a version of it. */
import type { Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { dropCode } from './code.ts'
import { conflict, noFunction } from './errors.ts'
import { dropLayers } from './layer-records.ts'
import {
  arnOf,
  type FunctionName,
  keyOf,
  type Named,
  qualifiedArnOf,
  qualifiedKeyOf,
  versionKeyOf,
} from './names.ts'
import {
  type AliasRecord,
  type FunctionRecord,
  findFunction,
  lambdaCollections,
  type VersionRecord,
} from './records.ts'
import { readUrl, type UrlRecord } from './url-records.ts'

const { functions, versions, aliases, eventConfigs, urls, urlIds } = lambdaCollections

/** @throws AwsError ResourceNotFoundException */
export async function deleteFunction(call: Call, named: FunctionName): Promise<void> {
  const gone = await call.documents.transact(async (transaction) => {
    const fn = await findFunction(transaction, named)
    const prefix = `${keyOf(named)}/`
    const published = await transaction.list<VersionRecord>(versions, { prefix })
    for (const collection of [versions, aliases, eventConfigs])
      for (const { key } of await transaction.list(collection, { prefix }))
        transaction.delete(collection, key)
    for (const { key, value } of await transaction.list<UrlRecord>(urls, { prefix })) {
      transaction.delete(urls, key)
      transaction.delete(urlIds, value.urlId)
    }
    transaction.delete(functions, keyOf(named))
    return [fn, ...published.map(({ value }) => value)]
  })
  call.functions.retire(`${arnOf(named)}:`)
  for (const blob of new Set(gone.map(({ code }) => code.blob))) await call.blobs.delete(blob)
  await dropLayers(
    call,
    gone.flatMap(({ layers = [] }) => layers),
  )
}

/** @throws AwsError ResourceNotFoundException, ResourceConflictException */
export async function deleteVersion(call: Call, named: Named, version: string): Promise<void> {
  const key = versionKeyOf(named, version)
  const gone = await call.documents.transact(async (transaction) => {
    const stored = await transaction.get<VersionRecord>(versions, key)
    if (stored === undefined) throw noFunction(qualifiedArnOf(named))
    const leading = await aliasesOf(transaction, named, version)
    if (leading.length > 0)
      throw conflict(
        `Unable to delete version because the following aliases reference it: [${leading.join(', ')}]`,
      )
    transaction.delete(versions, key)
    await forgetQualifier(transaction, named)
    return stored.value
  })
  call.functions.retire(`${qualifiedArnOf(named)}:`)
  await dropCode(call, named, gone.code.blob)
  await dropLayers(call, gone.layers ?? [])
}

async function aliasesOf(
  transaction: Transaction,
  named: FunctionName,
  version: string,
): Promise<readonly string[]> {
  const all = await transaction.list<AliasRecord>(aliases, { prefix: `${keyOf(named)}/` })
  return all
    .filter(({ value }) => value.version === version || value.routed?.version === version)
    .map(({ value }) => value.alias)
}

/** What was said of a version or an alias goes with it. */
export async function forgetQualifier(transaction: Transaction, named: Named): Promise<void> {
  transaction.delete(eventConfigs, qualifiedKeyOf(named))
  const url = await readUrl(transaction, named)
  if (url) {
    transaction.delete(urls, qualifiedKeyOf(named))
    transaction.delete(urlIds, url.urlId)
  }
  const stored = await transaction.get<FunctionRecord>(functions, keyOf(named))
  const { qualifier = '' } = named
  if (stored === undefined || stored.value.qualifiedPolicies?.[qualifier] === undefined) return
  const { [qualifier]: _, ...qualifiedPolicies } = stored.value.qualifiedPolicies
  transaction.put(functions, keyOf(named), { ...stored.value, qualifiedPolicies })
}
