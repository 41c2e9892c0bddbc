/** Changes to what is kept of a function, one after another and none against a newer one. */
import { createHash } from 'node:crypto'
import type { Call } from '../service.ts'
import { preconditionFailed } from './errors.ts'
import { keyOf, type Named } from './names.ts'
import { type FunctionRecord, findFunction, lambdaCollections } from './records.ts'

/** @throws AwsError PreconditionFailedException */
export function checkRevision(
  { revisionId }: { readonly revisionId: string },
  given: string | undefined,
): void {
  if (given !== undefined && given !== revisionId)
    throw preconditionFailed(
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    )
}

/** The same text, the same revision: in a UUID's form, as AWS's. */
export function revisionOfText(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex')
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

/** Changes what is kept of a function, but not what it runs as. @throws AwsError ResourceNotFoundException */
export function keep(
  { documents }: Pick<Call, 'documents'>,
  named: Named,
  changed: (record: FunctionRecord) => FunctionRecord,
): Promise<FunctionRecord> {
  return documents.transact(async (transaction) => {
    const record = changed(await findFunction(transaction, named))
    transaction.put(lambdaCollections.functions, keyOf(record), record)
    return record
  })
}
