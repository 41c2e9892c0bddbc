/** S3 on one screen. */
import { defineService } from '../service.ts'
import { absentSettings } from './absent-settings.ts'
import { acl } from './acl.ts'
import { attributes } from './attributes.ts'
import { bucketPolicy } from './bucket-policy.ts'
import { bucketSettings } from './bucket-settings.ts'
import { buckets } from './buckets.ts'
import { completeUpload } from './complete-upload.ts'
import { copyObject } from './copy-object.ts'
import { cors, crossOrigin } from './cors.ts'
import { deleteObject } from './delete-object.ts'
import { getObject } from './get-object.ts'
import { lifecycle } from './lifecycle.ts'
import { listObjects } from './list-objects.ts'
import { listUploads } from './list-uploads.ts'
import { listVersions } from './list-versions.ts'
import { notifications } from './notifications.ts'
import { putObject } from './put-object.ts'
import { tagging } from './tagging.ts'
import { uploads } from './uploads.ts'
import { checkWholeBody } from './whole-body.ts'

export const s3 = defineService('s3', {
  sdk: () => import('@aws-sdk/client-s3'),
  validation: { code: 'MalformedXML', prefix: () => '' },
  isOpenToAnonymous: true,
  checkBody: checkWholeBody,
  crossOrigin,
  operations: {
    ...buckets,
    ...bucketSettings,
    ...bucketPolicy,
    ...cors,
    ...lifecycle,
    ...notifications,
    ...acl,
    ...absentSettings,
    ...putObject,
    ...getObject,
    ...deleteObject,
    ...copyObject,
    ...attributes,
    ...tagging,
    ...listObjects,
    ...listVersions,
    ...uploads,
    ...completeUpload,
    ...listUploads,
  },
})
