/** The six operations that policies, access controls, public keys and key groups have in common, made from their kind. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Values } from '@sekisho/protocols'
import type { Call, Needs, Operation, Operations } from '../service.ts'
import { need, needAll, type ResourceType } from './gate.ts'
import {
  createKept,
  deleteKept,
  type Kept,
  type Kind,
  keptOf,
  listKept,
  typeOf,
  updateKept,
} from './kept.ts'
import { pageOf } from './paging.ts'

/** What one is called, and what many are. */
const plurals = {
  CachePolicy: 'CachePolicies',
  OriginRequestPolicy: 'OriginRequestPolicies',
  ResponseHeadersPolicy: 'ResponseHeadersPolicies',
  OriginAccessControl: 'OriginAccessControls',
  PublicKey: 'PublicKeys',
  KeyGroup: 'KeyGroups',
} as const

type Word = keyof typeof plurals
type Verb = 'Create' | 'Get' | 'Update' | 'Delete'
type OperationsOn<W extends Word> = Pick<
  Operations<typeof Sdk>,
  `${Verb}${W}` | `Get${W}Config` | `List${(typeof plurals)[W]}`
>

export interface Shape<Config, W extends Word> {
  readonly word: W
  /** Of its address: `cache-policy`. */
  readonly path: string
  /** Of its ARN; absent: it has none, and whoever may do something may do it to all. */
  readonly resource?: ResourceType
  /** Creation names no resource, as the service authorization reference has it. */
  readonly isCreatedAnywhere?: true
  readonly shown: (kept: Kept<Config>) => object
  /** As one of a list. */
  readonly listed: (kept: Kept<Config>) => object
  /** Lists say where they begin and whether they go on. */
  readonly hasMarkers?: true
  /** What stands where nothing is given. */
  readonly filled?: (config: Config) => Config
  /** @throws AwsError  it refers to something that is not there */
  readonly checkReferences?: (config: Config, call: Call) => Promise<void>
}

type Config = { readonly Name: string }

export function keptOperations<C extends Config, W extends Word>(
  kind: Kind<C>,
  { word, path, resource, shown, listed, ...shape }: Shape<C, W>,
): OperationsOn<W> {
  const member = `${word}Config`
  const plural = plurals[word]
  const needs =
    (action: string) =>
    ({ Id }: Values, call: Call): Needs =>
      resource === undefined
        ? needAll(action)()
        : need(action, resource, Id === undefined ? '*' : String(Id), call)
  const configOf = async (input: Values, call: Call) => {
    const given = input[member] as C
    const config = shape.filled?.(given) ?? given
    await shape.checkReferences?.(config, call)
    return config
  }
  const answer = (kept: Kept<C>) => ({ [word]: shown(kept), ETag: kept.etag })
  const find = ({ Id }: Values, call: Call) => keptOf(kind, String(Id), call)

  const operations: Readonly<Record<string, Operation<Values, Values>>> = {
    [`Create${word}`]: {
      needs: shape.isCreatedAnywhere ? needAll(`Create${word}`) : needs(`Create${word}`),
      async handle(input, call) {
        const kept = await createKept(kind, await configOf(input, call), call)
        const Location = `https://cloudfront.amazonaws.com/2020-05-31/${path}/${kept.id}`
        return { ...answer(kept), Location }
      },
    },
    [`Get${word}`]: {
      needs: needs(`Get${word}`),
      handle: async (input, call) => answer(await find(input, call)),
    },
    [`Get${word}Config`]: {
      needs: needs(`Get${word}Config`),
      async handle(input, call) {
        const { config, etag } = await find(input, call)
        return { [member]: config, ETag: etag }
      },
    },
    [`Update${word}`]: {
      needs: needs(`Update${word}`),
      async handle(input, call) {
        const config = await configOf(input, call)
        return answer(await updateKept(kind, String(input['Id']), versionOf(input), config, call))
      },
    },
    [`Delete${word}`]: {
      needs: needs(`Delete${word}`),
      async handle(input, call) {
        await deleteKept(kind, String(input['Id']), versionOf(input), call)
        return {}
      },
    },
    [`List${plural}`]: {
      constraints: kind.managed ? { Type: { enum: ['managed', 'custom'] } } : {},
      needs: needAll(`List${plural}`),
      async handle(input, call) {
        const { Type } = input
        const all = await listKept(kind, call)
        const found = all.filter((kept) => Type === undefined || typeOf(kept) === Type)
        const page = pageOf(found, ({ id }) => id, input)
        return {
          [`${word}List`]: {
            ...(shape.hasMarkers && { Marker: page.marker, IsTruncated: page.isTruncated }),
            MaxItems: page.maxItems,
            Quantity: page.items.length,
            NextMarker: page.nextMarker,
            Items: page.items.map(listed),
          },
        }
      },
    },
  }
  return operations as OperationsOn<W>
}

function versionOf({ IfMatch }: Values): string | undefined {
  return IfMatch === undefined ? undefined : String(IfMatch)
}
