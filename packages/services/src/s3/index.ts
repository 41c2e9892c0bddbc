/** S3 on one screen. */
import { defineService } from '../service.ts'
import { buckets } from './buckets.ts'
import { deleteObject } from './delete-object.ts'
import { getObject } from './get-object.ts'
import { listObjects } from './list-objects.ts'
import { putObject } from './put-object.ts'
import { checkWholeBody } from './whole-body.ts'

export const s3 = defineService('s3', {
  sdk: () => import('@aws-sdk/client-s3'),
  validation: { code: 'MalformedXML', prefix: () => '' },
  isOpenToAnonymous: true,
  checkBody: checkWholeBody,
  operations: { ...buckets, ...putObject, ...getObject, ...deleteObject, ...listObjects },
})
