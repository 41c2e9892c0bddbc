/** Origin access controls: how requests to an origin of AWS's are signed. */
import { invalidArgument, notSupported } from './errors.ts'
import type { Kept, Kind } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
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
  refers: ({ Origins }, id) =>
    Origins.Items.some(({ OriginAccessControlId }) => OriginAccessControlId === id),
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

export const originAccessControls = keptOperations(originAccessControlKind, {
  word: 'OriginAccessControl',
  path: 'origin-access-control',
  resource: 'origin-access-control',
  isCreatedAnywhere: true,
  shown,
  listed: ({ id, config }) => ({ ...config, Id: id, Description: config.Description ?? '' }),
  hasMarkers: true,
})

function shown({ id, config }: Kept<OriginAccessControlConfig>) {
  return { Id: id, OriginAccessControlConfig: config }
}
