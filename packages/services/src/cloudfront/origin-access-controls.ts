/** Origin access controls: how requests to an origin of AWS's are signed. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Operations } from '../service.ts'
import { invalidArgument, notSupported } from './errors.ts'
import { need, needAll } from './gate.ts'
import {
  createKept,
  deleteKept,
  type Kept,
  type Kind,
  keptOf,
  listKept,
  updateKept,
  usedBy,
} from './kept.ts'
import { pageOf } from './paging.ts'
import { cloudfrontCollections, newId, type OriginAccessControlConfig } from './records.ts'

export const originAccessControlKind: Kind<OriginAccessControlConfig> = {
  collection: cloudfrontCollections.originAccessControls,
  word: 'origin access control',
  missing: 'NoSuchOriginAccessControl',
  taken: 'OriginAccessControlAlreadyExists',
  inUse: 'OriginAccessControlInUse',
  tooMany: 'TooManyOriginAccessControls',
  most: 100,
  newId: (ids) => newId(ids),
  isUsed: usedBy(({ Origins }, id) =>
    Origins.Items.some(({ OriginAccessControlId }) => OriginAccessControlId === id),
  ),
  check({ Name, OriginAccessControlOriginType, SigningBehavior, SigningProtocol }) {
    if (!/^[^\s].{0,63}$/.test(Name)) throw invalidArgument('The parameter Name is not valid.')
    if (SigningProtocol !== 'sigv4')
      throw invalidArgument('The parameter SigningProtocol is not valid.')
    if (!['always', 'never', 'no-override'].includes(SigningBehavior))
      throw invalidArgument('The parameter SigningBehavior is not valid.')
    if (OriginAccessControlOriginType !== 's3')
      throw notSupported(
        `An origin access control for origins of the type ${OriginAccessControlOriginType}`,
      )
  },
}

const type = 'origin-access-control'

export const originAccessControls = {
  CreateOriginAccessControl: {
    needs: (_, call) => need('CreateOriginAccessControl', type, '*', call),
    async handle({ OriginAccessControlConfig: config }, call) {
      const kept = await createKept(originAccessControlKind, config, call)
      return {
        OriginAccessControl: shown(kept),
        ETag: kept.etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/origin-access-control/${kept.id}`,
      }
    },
  },
  GetOriginAccessControl: {
    needs: ({ Id }, call) => need('GetOriginAccessControl', type, Id, call),
    async handle({ Id }, call) {
      const kept = await keptOf(originAccessControlKind, Id, call)
      return { OriginAccessControl: shown(kept), ETag: kept.etag }
    },
  },
  GetOriginAccessControlConfig: {
    needs: ({ Id }, call) => need('GetOriginAccessControlConfig', type, Id, call),
    async handle({ Id }, call) {
      const { config, etag } = await keptOf(originAccessControlKind, Id, call)
      return { OriginAccessControlConfig: config, ETag: etag }
    },
  },
  UpdateOriginAccessControl: {
    needs: ({ Id }, call) => need('UpdateOriginAccessControl', type, Id, call),
    async handle({ Id, IfMatch, OriginAccessControlConfig: config }, call) {
      const kept = await updateKept(originAccessControlKind, Id, IfMatch, config, call)
      return { OriginAccessControl: shown(kept), ETag: kept.etag }
    },
  },
  DeleteOriginAccessControl: {
    needs: ({ Id }, call) => need('DeleteOriginAccessControl', type, Id, call),
    async handle({ Id, IfMatch }, call) {
      await deleteKept(originAccessControlKind, Id, IfMatch, call)
      return {}
    },
  },
  ListOriginAccessControls: {
    needs: needAll('ListOriginAccessControls'),
    async handle(input, call) {
      const found = await listKept(originAccessControlKind, call)
      const page = pageOf(found, ({ id }) => id, input)
      return {
        OriginAccessControlList: {
          Marker: page.marker,
          MaxItems: page.maxItems,
          IsTruncated: page.isTruncated,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: page.items.map(({ id, config }) => ({
            ...config,
            Id: id,
            Description: config.Description ?? '',
          })),
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

function shown({ id, config }: Kept<OriginAccessControlConfig>) {
  return { Id: id, OriginAccessControlConfig: config }
}
