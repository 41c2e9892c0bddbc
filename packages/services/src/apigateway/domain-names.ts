/** Custom domain names: hosts of one's own under which APIs are served. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Input } from '@sekisho/protocols'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import {
  type DomainRecord,
  domainCollections,
  domainKey,
  domainsOf,
  findDomain,
  getDomain,
  putDomain,
  updateDomain,
} from './domain-records.ts'
import {
  checkCertificateArn,
  checkEndpointType,
  distributionHostedZoneId,
  edgeCertificateRegion,
  readDomainName,
  refuseDomainNameId,
  regionalHostedZoneIds,
  unsupportedMembers,
} from './domain-rules.ts'
import { badRequest, limitExceeded, notSupported, refuseMembers } from './errors.ts'
import {
  checkMutualTls,
  mutualTlsPatches,
  newMutualTls,
  shownMutualTls,
  truststoreAfter,
  truststoreIn,
  truststoreKeys,
  truststoreNeeds,
} from './mutual-tls.ts'
import { page } from './paging.ts'
import { applyPatches, type PatchRow, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { shownTime } from './records.ts'
import { checkSecurityPolicy } from './security-policies.ts'
import { checkTags, tagNeeds } from './tags.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxDomains = 120

export const domainNames = {
  CreateDomainName: {
    constraints: {
      'endpointConfiguration.types': { enum: ['PRIVATE', 'EDGE', 'REGIONAL'] },
      'endpointConfiguration.ipAddressType': { enum: ['ipv4', 'dualstack'] },
    },
    needs: ({ domainName, mutualTlsAuthentication: mutual, tags }, call) => [
      ...truststoreNeeds(call, '/domainnames', mutual?.truststoreUri),
      ...tagNeeds(call, `/domainnames/${domainName}`, tags),
    ],
    keys: ({
      endpointConfiguration,
      securityPolicy = 'TLS_1_2',
      mutualTlsAuthentication: mutual,
      tags,
    }) => ({
      ...truststoreKeys(mutual?.truststoreUri, mutual?.truststoreVersion),
      'apigateway:Request/EndpointType': endpointConfiguration?.types ?? ['EDGE'],
      'apigateway:Request/SecurityPolicy': securityPolicy,
      ...requestTags(tags),
    }),
    async handle(input, call) {
      refuseMembers(input, unsupportedMembers)
      const mutualTls = await newMutualTls(input.mutualTlsAuthentication, call)
      const record = checkMutualTls({ ...newDomain(input, call), ...(mutualTls && { mutualTls }) })
      await call.documents.transact(async (transaction) => {
        if (await transaction.get(domainCollections.owners, record.name))
          throw badRequest('The domain name you provided already exists.')
        if ((await domainsOf(transaction, call)).length >= maxDomains)
          throw limitExceeded('Maximum number of domain names has been reached.')
        const { accountId, region } = call
        transaction.put(domainCollections.owners, record.name, { accountId, region })
        putDomain(transaction, record)
      })
      return shownDomain(record)
    },
  },

  GetDomainName: {
    async handle(input, call) {
      refuseDomainNameId(input)
      return shownDomain(await getDomain(call.documents, call, input.domainName))
    },
  },

  GetDomainNames: {
    async handle({ resourceOwner, ...paging }, call) {
      if (resourceOwner === 'OTHER_ACCOUNTS') return { items: [] }
      const { items, position } = page(
        await domainsOf(call.documents, call),
        paging,
        ({ name }) => name,
      )
      return { items: items.map(shownDomain), ...(position && { position }) }
    },
  },

  UpdateDomainName: {
    constraints: patchConstraints,
    needs: ({ domainName, patchOperations }, call) =>
      truststoreNeeds(
        call,
        `/domainnames/${encodeURIComponent(domainName)}`,
        truststoreIn(patchOperations),
      ),
    keys: ({ patchOperations = [] }) => {
      const last = (prefix: string) =>
        patchOperations.findLast(({ path }) => path?.startsWith(prefix))?.value
      const type = last('/endpointConfiguration/types')
      const securityPolicy = last('/securityPolicy')
      return {
        ...truststoreKeys(
          last('/mutualTlsAuthentication/truststoreUri'),
          last('/mutualTlsAuthentication/truststoreVersion'),
        ),
        ...(type !== undefined && { 'apigateway:Request/EndpointType': [type] }),
        ...(securityPolicy !== undefined && {
          'apigateway:Request/SecurityPolicy': securityPolicy,
        }),
      }
    },
    async handle(input, call) {
      refuseDomainNameId(input)
      const patches = domainPatches(call)
      const changed = (before: DomainRecord) =>
        checkMutualTls(applyPatches(before, input.patchOperations, patches))
      const asked = changed(await getDomain(call.documents, call, input.domainName))
      const withTruststore = await truststoreAfter(asked, input.patchOperations, call)
      return shownDomain(
        await updateDomain(call, input.domainName, (before) => withTruststore(changed(before))),
      )
    },
  },

  DeleteDomainName: {
    async needs({ domainName }, call) {
      const path = `/domainnames/${encodeURIComponent(domainName)}`
      const domain = await findDomain(call.documents, call, domainName)
      return truststoreNeeds(call, path, domain?.mutualTls && '')
    },
    async handle(input, call) {
      refuseDomainNameId(input)
      await call.documents.transact(async (transaction) => {
        const record = await getDomain(transaction, call, input.domainName)
        transaction.delete(domainCollections.domains, domainKey(record, record.name))
        transaction.delete(domainCollections.owners, record.name)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

const hostAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

function newDomain(input: Input<typeof Sdk, 'CreateDomainName'>, call: Call): DomainRecord {
  const { accountId, region, ids, now } = call
  const { endpointConfiguration: endpoint, routingMode } = input
  if (endpoint?.vpcEndpointIds?.length) throw notSupported('A private custom domain name')
  if (routingMode !== undefined && routingMode !== 'BASE_PATH_MAPPING_ONLY')
    throw notSupported(`Routing mode '${routingMode}'`)
  const endpointType = checkEndpointType(
    endpoint?.types ?? (input.regionalCertificateArn === undefined ? [] : ['REGIONAL']),
  )
  const name = readDomainName(input.domainName)
  const certificates = {
    ...(input.certificateArn !== undefined && {
      certificateArn: checkCertificateArn(input.certificateArn, edgeCertificateRegion),
      certificateChangedAt: now.getTime(),
    }),
    ...(input.certificateName !== undefined && { certificateName: input.certificateName }),
    ...(input.regionalCertificateArn !== undefined && {
      regionalCertificateArn: checkCertificateArn(input.regionalCertificateArn, region),
    }),
    ...(input.regionalCertificateName !== undefined && {
      regionalCertificateName: input.regionalCertificateName,
    }),
  }
  return checkCertificates({
    name,
    accountId,
    region,
    endpointType,
    ipAddressType: endpoint?.ipAddressType === 'dualstack' ? 'dualstack' : 'ipv4',
    securityPolicy: checkSecurityPolicy(input.securityPolicy ?? 'TLS_1_2'),
    ...certificates,
    ...(input.ownershipVerificationCertificateArn !== undefined && {
      ownershipVerificationCertificateArn: checkCertificateArn(
        input.ownershipVerificationCertificateArn,
        region,
      ),
    }),
    regionalId: `d-${ids.text(hostAlphabet, 10)}`,
    distributionId: `d${ids.text(hostAlphabet, 13)}`,
    tags: checkTags(input.tags),
    createdAt: now.getTime(),
    mappings: {},
  })
}

/** Each endpoint has a certificate of its own kind. @throws AwsError BadRequestException */
function checkCertificates(record: DomainRecord): DomainRecord {
  const isEdge = record.endpointType === 'EDGE'
  const certificateArn = isEdge ? record.certificateArn : record.regionalCertificateArn
  if (certificateArn === undefined)
    throw badRequest(
      isEdge
        ? 'Edge-optimized endpoint type requires a certificate: specify certificateArn.'
        : 'Regional endpoint type requires a certificate: specify regionalCertificateArn.',
    )
  return record
}

/** That somebody owns the name, where its own certificate does not say so. */
function ownershipPatch(region: string): PatchRow<DomainRecord> {
  return {
    ops: ['add', 'replace', 'remove'],
    apply({ ownershipVerificationCertificateArn: _, ...record }, { op, value }) {
      if (op === 'remove' || value === '') return record
      const ownershipVerificationCertificateArn = checkCertificateArn(value, region)
      return { ...record, ownershipVerificationCertificateArn }
    },
  }
}

/** @see API Gateway API Reference, "Patch operations" (UpdateDomainName) */
const domainPatches = ({ region, now }: Call): PatchTable<DomainRecord> => {
  const endpointType: PatchRow<DomainRecord> = {
    ops: ['add', 'replace', 'remove'],
    apply(record, { op, value }) {
      if (op === 'remove')
        throw badRequest('REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.')
      return checkCertificates({ ...record, endpointType: checkEndpointType([value]) })
    },
  }
  return {
    '/certificateArn': {
      ops: ['add', 'replace'],
      apply: (record, { value }) => ({
        ...record,
        certificateArn: checkCertificateArn(value, edgeCertificateRegion),
        certificateChangedAt: now.getTime(),
      }),
    },
    '/certificateName': textRow(({ certificateName: _, ...record }, certificateName) => ({
      ...record,
      ...(certificateName !== undefined && { certificateName }),
    })),
    '/regionalCertificateArn': {
      ops: ['add', 'replace'],
      apply: (record, { value }) => ({
        ...record,
        regionalCertificateArn: checkCertificateArn(value, region),
      }),
    },
    '/regionalCertificateName': textRow(
      ({ regionalCertificateName: _, ...record }, regionalCertificateName) => ({
        ...record,
        ...(regionalCertificateName !== undefined && { regionalCertificateName }),
      }),
    ),
    '/endpointConfiguration/types': endpointType,
    '/endpointConfiguration/types/{type}': endpointType,
    '/endpointConfiguration/ipAddressType': {
      ops: ['replace'],
      apply(record, { value }) {
        if (value !== 'ipv4' && value !== 'dualstack')
          throw badRequest('ipAddressType must be either ipv4 or dualstack.')
        return { ...record, ipAddressType: value }
      },
    },
    '/securityPolicy': {
      ops: ['replace'],
      apply: (record, { value }) => ({ ...record, securityPolicy: checkSecurityPolicy(value) }),
    },
    ...mutualTlsPatches,
    '/ownershipVerificationCertificateArn': ownershipPatch(region),
    '/routingMode': {
      ops: ['replace'],
      apply(record, { value }) {
        if (value !== 'BASE_PATH_MAPPING_ONLY') throw notSupported(`Routing mode '${value}'`)
        return record
      },
    },
    ...Object.fromEntries(
      ['/endpointAccessMode', '/managementPolicy', '/policy'].map((path) => [
        path,
        refused(path.split('/')[1]!),
      ]),
    ),
  }
}

function refused(what: string): PatchRow<DomainRecord> {
  return {
    ops: ['add', 'replace', 'remove'],
    apply() {
      throw notSupported(`'${what}'`)
    },
  }
}

function shownDomain(record: DomainRecord): Sdk.DomainName {
  const isEdge = record.endpointType === 'EDGE'
  return {
    domainName: record.name,
    domainNameArn: `arn:aws:apigateway:${record.region}::/domainnames/${record.name}`,
    certificateName: record.certificateName,
    certificateArn: record.certificateArn,
    ...(record.certificateChangedAt !== undefined && {
      certificateUploadDate: shownTime(record.certificateChangedAt),
    }),
    regionalCertificateName: record.regionalCertificateName,
    regionalCertificateArn: record.regionalCertificateArn,
    ...(isEdge
      ? {
          distributionDomainName: `${record.distributionId}.cloudfront.net`,
          distributionHostedZoneId,
        }
      : {
          regionalDomainName: `${record.regionalId}.execute-api.${record.region}.amazonaws.com`,
          regionalHostedZoneId: regionalHostedZoneIds[record.region],
        }),
    endpointConfiguration: { types: [record.endpointType], ipAddressType: record.ipAddressType },
    domainNameStatus: 'AVAILABLE',
    securityPolicy: record.securityPolicy,
    mutualTlsAuthentication: shownMutualTls(record.mutualTls),
    ownershipVerificationCertificateArn: record.ownershipVerificationCertificateArn,
    tags: Object.keys(record.tags).length > 0 ? { ...record.tags } : undefined,
    routingMode: 'BASE_PATH_MAPPING_ONLY',
  }
}
