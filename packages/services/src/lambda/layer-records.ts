/** What is kept of layers, and what functions keep of those that they have. */
import type { Reader } from '@sekisho/store'
import { compiled } from '../iam/principals.ts'
import type { Call, Need } from '../service.ts'
import { invalidParameter, validation } from './errors.ts'
import type { Owner } from './names.ts'
import {
  type CodeRecord,
  type FunctionRecord,
  type LayerUse,
  lambdaCollections,
  type VersionRecord,
} from './records.ts'

export interface LayerName extends Owner {
  readonly layer: string
}

export interface LayerRecord extends LayerName {
  /** Numbers are not used twice. */
  readonly lastVersion: number
}

export interface LayerVersionRecord extends LayerName {
  readonly version: number
  readonly description: string
  readonly licenseInfo?: string
  readonly runtimes: readonly string[]
  readonly architectures: readonly string[]
  readonly code: CodeRecord
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly policy: readonly LayerPermission[]
}

export interface LayerPermission {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: '*' | { readonly AWS: string }
  readonly Action: string
  readonly Resource: string
  readonly Condition?: { readonly StringEquals: { readonly 'aws:PrincipalOrgID': string } }
}

const { layers, layerVersions, functions, versions } = lambdaCollections

/** @see Lambda Developer Guide, "Adding layers to functions" */
const mostLayers = 5

export function layerArnOf({ accountId, region, layer }: LayerName): string {
  return `arn:aws:lambda:${region}:${accountId}:layer:${layer}`
}

export function layerKeyOf({ accountId, region, layer }: LayerName): string {
  return `${accountId}/${region}/${layer}`
}

export function layerVersionKeyOf(named: LayerName, version: number): string {
  return `${layerKeyOf(named)}/${String(version).padStart(10, '0')}`
}

const layerForm = /^arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]{1,140})$/

/** By its name or its ARN. @throws AwsError ValidationException */
export function layerNamed(text: string, { accountId, region }: Owner): LayerName {
  const match = layerForm.exec(text)
  if (match !== null) return { region: match[1]!, accountId: match[2]!, layer: match[3]! }
  if (/^[a-zA-Z0-9-_]{1,140}$/.test(text)) return { accountId, region, layer: text }
  throw validation(
    text,
    'layerName',
    String.raw`(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+`,
  )
}

/** @throws AwsError InvalidParameterValueException */
export function layerVersionNamed(arn: string): LayerName & { readonly version: number } {
  const at = arn.lastIndexOf(':')
  const version = arn.slice(at + 1)
  if (!layerForm.test(arn.slice(0, at)) || !/^\d{1,10}$/.test(version))
    throw invalidParameter(`Layer version ARN ${arn} is malformed.`)
  return {
    ...layerNamed(arn.slice(0, at), { accountId: '', region: '' }),
    version: Number(version),
  }
}

export async function readLayer(
  reader: Reader,
  named: LayerName,
): Promise<LayerRecord | undefined> {
  return (await reader.get<LayerRecord>(layers, layerKeyOf(named)))?.value
}

export async function readLayerVersion(
  reader: Reader,
  named: LayerName,
  version: number,
): Promise<LayerVersionRecord | undefined> {
  const key = layerVersionKeyOf(named, version)
  return (await reader.get<LayerVersionRecord>(layerVersions, key))?.value
}

/** Of an action on a version of a layer, whose own policy has a say. */
export async function layerVersionNeed(
  action: string,
  named: LayerName,
  version: number,
  { documents }: Pick<Call, 'documents'>,
): Promise<Need> {
  const resource = `${layerArnOf(named)}:${version}`
  const policy = (await readLayerVersion(documents, named, version))?.policy ?? []
  return {
    action: `lambda:${action}`,
    resource,
    resourceAccountId: named.accountId,
    ...(policy.length > 0 && {
      resourcePolicy: compiled(layerPolicyText(policy), 'resource', `policy of ${resource}`),
    }),
  }
}

export function layerPolicyText(policy: readonly LayerPermission[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy })
}

/** Whoever gives a function layers has to be allowed to read them. */
export function layersRead(
  arns: readonly string[] | undefined,
  call: Call,
): Promise<readonly Need[]> {
  return Promise.all(
    (arns ?? []).map((arn) => {
      const { version, ...named } = layerVersionNamed(arn)
      return layerVersionNeed('GetLayerVersion', named, version, call)
    }),
  )
}

/** @throws AwsError InvalidParameterValueException */
export async function layersOf(
  arns: readonly string[],
  { documents, region }: Pick<Call, 'documents' | 'region'>,
): Promise<readonly LayerUse[]> {
  if (arns.length > mostLayers)
    throw invalidParameter(`Cannot reference more than ${mostLayers} layers.`)
  const seen = new Set<string>()
  const found: LayerUse[] = []
  for (const arn of arns) {
    const { version, ...named } = layerVersionNamed(arn)
    if (named.region !== region)
      throw invalidParameter(`Layer version ${arn} is not in the function's region ${region}.`)
    if (seen.has(layerArnOf(named)))
      throw invalidParameter(
        `Two different versions of the same layer are not allowed to be referenced in the same function. Please remove one of ${arn}`,
      )
    seen.add(layerArnOf(named))
    const record = await readLayerVersion(documents, named, version)
    if (record === undefined) throw noLayer(arn)
    found.push({ arn, code: record.code })
  }
  return found
}

/** In the transaction that gives them to a function: none was deleted meanwhile. @throws AwsError InvalidParameterValueException */
export async function checkLayers(reader: Reader, uses: readonly LayerUse[]): Promise<void> {
  for (const { arn, code } of uses) {
    const { version, ...named } = layerVersionNamed(arn)
    const found = await readLayerVersion(reader, named, version)
    if (found?.code.blob !== code.blob) throw noLayer(arn)
  }
}

function noLayer(arn: string) {
  return invalidParameter(`Layer version ${arn} does not exist.`)
}

/**
 * Takes the archives of layers away that are deleted and that no function has any more: functions keep what they were
 * given, whatever becomes of the layer.
 */
export async function dropLayers(
  { documents, blobs }: Pick<Call, 'documents' | 'blobs'>,
  left: readonly LayerUse[],
): Promise<void> {
  for (const { arn, code } of left) {
    const { version, ...named } = layerVersionNamed(arn)
    if ((await readLayerVersion(documents, named, version))?.code.blob === code.blob) continue
    if (!(await isUsed(documents, code.blob))) await blobs.delete(code.blob)
  }
}

async function isUsed(reader: Reader, blob: string): Promise<boolean> {
  for (const collection of [functions, versions])
    for (const { value } of await reader.list<FunctionRecord | VersionRecord>(collection))
      if (value.layers?.some(({ code }) => code.blob === blob)) return true
  return false
}
