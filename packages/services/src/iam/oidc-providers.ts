/** OpenID Connect providers: whose word is believed in AssumeRoleWithWebIdentity. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Reader } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import { alreadyExists, invalidInput, limitExceeded, noSuchEntity } from './errors.ts'
import { iamCollections, listOf, type OidcProviderRecord } from './records.ts'
import { listedTags, mergeTags, shownTags, tagged, untagged } from './tags.ts'

/** @see IAM User Guide, "IAM and AWS STS quotas" */
const most = { clientIds: 100, providers: 100, thumbprints: 5 } as const
const collection = iamCollections.providers
const thumbprint = /^[0-9a-f]{40}$/i

export const oidcProviders = {
  CreateOpenIDConnectProvider: {
    async handle({ Url, ClientIDList = [], ThumbprintList = [], Tags }, call) {
      const url = checkedUrl(Url)
      checkThumbprints(ThumbprintList)
      checkClientIds(ClientIDList)
      const provider: OidcProviderRecord = {
        accountId: call.accountId,
        url,
        clientIds: ClientIDList,
        thumbprints: ThumbprintList,
        createdAt: call.now.getTime(),
        tags: mergeTags([], Tags),
      }
      await call.documents.transact(async (transaction) => {
        const key = `${call.accountId}/${url}`
        if (await transaction.get(collection, key))
          throw alreadyExists(`Provider with url ${Url} already exists.`)
        const present = await transaction.list(collection, { prefix: `${call.accountId}/` })
        if (present.length >= most.providers)
          throw limitExceeded(
            `Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${most.providers}`,
          )
        transaction.put(collection, key, provider)
      })
      return { OpenIDConnectProviderArn: arnOf(provider), Tags: shownTags(provider.tags) }
    },
  },

  GetOpenIDConnectProvider: {
    async handle({ OpenIDConnectProviderArn }, call) {
      const provider = await findProvider(call.documents, call, OpenIDConnectProviderArn)
      return {
        Url: provider.url,
        ClientIDList: [...provider.clientIds],
        ThumbprintList: [...provider.thumbprints],
        CreateDate: new Date(provider.createdAt),
        Tags: shownTags(provider.tags),
      }
    },
  },

  ListOpenIDConnectProviders: {
    async handle(_, { documents, accountId }) {
      const all = await listOf<OidcProviderRecord>(documents, collection, accountId)
      return { OpenIDConnectProviderList: all.map((provider) => ({ Arn: arnOf(provider) })) }
    },
  },

  DeleteOpenIDConnectProvider: {
    async handle({ OpenIDConnectProviderArn }, call) {
      await call.documents.transact(async (transaction) => {
        const { url } = await findProvider(transaction, call, OpenIDConnectProviderArn)
        transaction.delete(collection, `${call.accountId}/${url}`)
      })
      return {}
    },
  },

  AddClientIDToOpenIDConnectProvider: {
    async handle({ OpenIDConnectProviderArn, ClientID }, call) {
      await change(call, OpenIDConnectProviderArn, (provider) => ({
        ...provider,
        clientIds: checkClientIds([...new Set([...provider.clientIds, ClientID])]),
      }))
      return {}
    },
  },
  RemoveClientIDFromOpenIDConnectProvider: {
    async handle({ OpenIDConnectProviderArn, ClientID }, call) {
      await change(call, OpenIDConnectProviderArn, (provider) => ({
        ...provider,
        clientIds: provider.clientIds.filter((id) => id !== ClientID),
      }))
      return {}
    },
  },
  UpdateOpenIDConnectProviderThumbprint: {
    async handle({ OpenIDConnectProviderArn, ThumbprintList }, call) {
      checkThumbprints(ThumbprintList)
      await change(call, OpenIDConnectProviderArn, (provider) => ({
        ...provider,
        thumbprints: ThumbprintList,
      }))
      return {}
    },
  },
  TagOpenIDConnectProvider: {
    async handle({ OpenIDConnectProviderArn, Tags }, call) {
      await change(call, OpenIDConnectProviderArn, tagged(Tags))
      return {}
    },
  },
  UntagOpenIDConnectProvider: {
    async handle({ OpenIDConnectProviderArn, TagKeys }, call) {
      await change(call, OpenIDConnectProviderArn, untagged(TagKeys))
      return {}
    },
  },
  ListOpenIDConnectProviderTags: {
    async handle({ OpenIDConnectProviderArn, ...asked }, call) {
      return listedTags(await findProvider(call.documents, call, OpenIDConnectProviderArn), asked)
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** `https://host/path`; kept without the scheme. @throws AwsError InvalidInput */
function checkedUrl(url: string): string {
  const isUrl = url.length <= 255 && /^https:\/\/[a-z0-9.-]+(?::\d+)?(?:\/[^?#\s]*)?$/i.test(url)
  if (!isUrl) throw invalidInput('Invalid Open ID Connect Provider URL')
  return url.slice('https://'.length).replace(/\/$/, '')
}

function checkThumbprints(list: readonly string[]): void {
  if (list.length > most.thumbprints)
    throw invalidInput('Thumbprint list must contain fewer than 5 entries.')
  if (!list.every((each) => thumbprint.test(each)))
    throw invalidInput('Thumbprint must be 40 hexadecimal digits.')
}

function checkClientIds(list: readonly string[]): readonly string[] {
  if (list.length > most.clientIds)
    throw limitExceeded(
      `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${most.clientIds}`,
    )
  return list
}

function arnOf({ accountId, url }: OidcProviderRecord): string {
  return `arn:aws:iam::${accountId}:oidc-provider/${url}`
}

async function findProvider(
  reader: Reader,
  { accountId }: Call,
  arn: string,
): Promise<OidcProviderRecord> {
  const prefix = `arn:aws:iam::${accountId}:oidc-provider/`
  const url = arn.startsWith(prefix) ? arn.slice(prefix.length) : ''
  const found = await reader.get<OidcProviderRecord>(collection, `${accountId}/${url}`)
  if (found === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`)
  return found.value
}

async function change(
  call: Call,
  arn: string,
  changed: (provider: OidcProviderRecord) => OidcProviderRecord,
): Promise<void> {
  await call.documents.transact(async (transaction) => {
    const provider = await findProvider(transaction, call, arn)
    transaction.put(collection, `${call.accountId}/${provider.url}`, changed(provider))
  })
}
