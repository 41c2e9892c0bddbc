/** What a service is: its model, its gate, and for each operation a gate and a body side by side. */
import type { KeySet, TestAuthorizer, TestMethod, Throttle } from '@sekisho/gateway'
import type { CompiledPolicy, Principal } from '@sekisho/policy'
import type {
  AwsError,
  Constraints,
  Input,
  OperationModel,
  OperationName,
  Output,
  SdkModule,
  ServiceName,
  Values,
} from '@sekisho/protocols'
import type { Blobs, Counters, Documents } from '@sekisho/store'
import type { EdgeFunctionTester } from './cloudfront/tester.ts'
import type { Acting } from './iam/acting.ts'
import type { Session } from './iam/sessions.ts'
import type { Explained } from './iam-toolbox/explained.ts'
import type { FunctionRunner } from './lambda/runner.ts'

/** Where random names come from; tests give a seeded one. */
export interface IdSource {
  /** `length` characters of `alphabet`. */
  readonly text: (alphabet: string, length: number) => string
  /** Version 4. */
  readonly uuid: () => string
}

/** In whose name one service calls another: a role that was handed to it, or the service itself. */
export interface Behalf extends Acting {
  /** Where the call goes. */
  readonly region: string
  /** The request that this comes of, for the decision log. */
  readonly causedBy?: string | undefined
  /** By which the call is known; absent: an id that nobody else has. */
  readonly requestId?: string
}

/**
 * Runs an operation through the front gate, authorised like anybody's.
 *
 * @param input  as the SDK's client takes it
 * @returns what the SDK's client would
 * @throws AwsError  whatever the operation answers instead
 */
export type CallAws = (
  service: ServiceName,
  operation: string,
  input: Values,
  behalf: Behalf,
) => Promise<Values>

/** Both as PEM. */
export interface CertifiedKey {
  readonly certificate: string
  readonly privateKey: string
}

/** Everything that a handler may know and touch. */
export interface Call {
  readonly accountId: string
  readonly region: string
  readonly principal: Principal
  /** Of a caller with temporary credentials. */
  readonly session?: Session | undefined
  readonly requestId: string
  /** How the request was signed; absent: it was not, or came from inside. */
  readonly signature?: RequestSignature | undefined
  /** Where it came from; absent: from inside. */
  readonly sourceAddress?: string | undefined
  readonly now: Date
  readonly ids: IdSource
  readonly documents: Documents
  readonly blobs: Blobs
  readonly counters: Counters
  /** What each account and region is held to; undefined: nothing. */
  readonly accountThrottle?: Required<Throttle> | undefined
  /** Runs functions. */
  readonly functions: FunctionRunner
  /** Tries a method of a deployed API. */
  readonly testMethod: TestMethod
  /** Tries an authorizer of a deployed API. */
  readonly testAuthorizer: TestAuthorizer
  /** Asks another service: as the caller of this one (`caller`), or as whom it says. */
  readonly aws: (
    service: ServiceName,
    operation: string,
    input: Values,
    behalf: Behalf | 'caller',
  ) => Promise<Values>
  /**
   * Runs `work` in one transaction: what it reads through the `aws` it is given is unchanged when what it writes so is
   * written. It may be run again, and whatever fails in it must end it, unless that has only read.
   */
  readonly together: <Result>(work: (aws: Call['aws']) => Promise<Result>) => Promise<Result>
  /** Why somebody else would be refused this, were it asked; nothing is done. Undefined: nothing is in the way. */
  readonly refusalTo: (
    service: ServiceName,
    operation: string,
    input: Values,
    behalf: Behalf,
  ) => Promise<AwsError | undefined>
  /** Where an operation is many in one, each asked for itself: why the caller may not do this one; undefined: it may. */
  readonly refusalOf: (needs: Needs) => Promise<AwsError | undefined>
  /** A new key, with a certificate that it has signed itself. */
  readonly certify: (commonName: string, from: Date, to: Date) => Promise<CertifiedKey>
  /** What was decided about an earlier request, and why; undefined: nothing is kept of it. */
  readonly explain: (requestId: string) => Promise<Explained | undefined>
  /** Runs CloudFront functions. */
  readonly edgeFunctions: EdgeFunctionTester
  /**
   * The keys of an identity provider (host and path of its issuer); undefined where none are configured.
   * @param isFresh  asked for anew: a token names a key that is not among them
   */
  readonly webKeys: (issuer: string, isFresh: boolean) => Promise<KeySet | undefined>
}

export interface RequestSignature {
  readonly form: 'header' | 'presigned'
  readonly ageMs: number
  /** What it says of the body, if anything. */
  readonly contentSha256: string | undefined
}

/** One thing the caller must be allowed. */
export interface Need {
  /** `service:Name`, as the service authorization reference spells it. */
  readonly action: string
  readonly resource: string
  /** Condition keys that this action brings, beside the global ones. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>
  /** Whose resource it is; absent: the caller's own. */
  readonly resourceAccountId?: string | undefined
  /** The resource's own policy, where it has one. */
  readonly resourcePolicy?: CompiledPolicy | undefined
  /** Of a role that is to be assumed. */
  readonly trust?: CompiledPolicy | undefined
  /** Who asks, where it is not the caller: somebody whose word has been believed. */
  readonly principal?: Principal
  /** AWS lets everybody do this, whatever policies say. */
  readonly isOpenToAll?: true
}

export type Needs = readonly [Need, ...Need[]]
export type RequestKeys = NonNullable<Need['keys']>

/** One operation: what its caller must be allowed before it runs, and what it does. */
export interface Operation<I, O> {
  readonly needs: (input: I, call: Call) => Needs | Promise<Needs>
  /** Callers do not sign: they prove who they are by what they send. */
  readonly isUnsigned?: true
  /** What the schemas do not say of the input. */
  readonly constraints?: Constraints
  readonly handle: (input: I, call: Call) => Promise<O>
}

/** An operation of a service whose gate follows from the request itself; it may ask for more. */
export type GatedOperation<I, O> = Omit<Operation<I, O>, 'needs'> & {
  readonly needs?: (input: I, call: Call) => readonly Need[] | Promise<readonly Need[]>
  /** Condition keys that are read off the request; they go with every need. */
  readonly keys?: (input: I) => RequestKeys
}

export type Operations<Sdk> = {
  readonly [Name in OperationName<Sdk>]?: Operation<Input<Sdk, Name>, Output<Sdk, Name>>
}

export type GatedOperations<Sdk> = {
  readonly [Name in OperationName<Sdk>]?: GatedOperation<Input<Sdk, Name>, Output<Sdk, Name>>
}

/** As the server sees it: types are gone, everything asked by name. */
export interface Service {
  readonly name: ServiceName
  /** The client's exports, loaded at the service's first call. */
  readonly sdk: () => Promise<SdkModule>
  readonly operations: ReadonlyMap<string, AnyOperation>
  /** How this service words violations of its constraints. */
  readonly validation: Validation
  /** Whom nobody has signed for may ask, too: as anybody, whom only a resource's own policy can let in. */
  readonly isOpenToAnonymous?: true
  /** What a request's headers claim of its body, where that comes whole. @throws AwsError */
  readonly checkBody?: (operation: string, headers: readonly string[], body: Uint8Array) => void
  /** What browsers are told that have a page of another origin open. */
  readonly crossOrigin?: CrossOrigin
}

/** A request that comes from a page of another origin. */
export interface OriginRequest {
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: readonly string[]
  readonly origin: string
}

export interface CrossOrigin {
  /** Of an OPTIONS request. @throws AwsError  the page may not */
  readonly preflight: (request: OriginRequest, documents: Documents) => Promise<readonly string[]>
  /** Headers that go with an answer. */
  readonly headers: (request: OriginRequest, documents: Documents) => Promise<readonly string[]>
}

export interface Validation {
  readonly code:
    | 'ValidationException'
    | 'ValidationError'
    | 'InvalidParameterException'
    | 'MalformedXML'
  /** API Gateway names the input (`createRestApiInput.name`), others the member alone. */
  readonly prefix: (operation: string) => string
}

export interface AnyOperation {
  readonly isUnsigned: boolean
  readonly needs: (operation: OperationModel, input: Values, call: Call) => Promise<readonly Need[]>
  readonly constraints: Constraints
  readonly handle: (input: Values, call: Call) => Promise<Values>
}

export type Gate = (operation: OperationModel, input: Values, call: Call) => Needs | Promise<Needs>

/**
 * A role that is handed to a service, for it to act with. One whose name is yet to be filled in stands for any.
 *
 * @see IAM User Guide, "Grant a user permissions to pass a role to an AWS service"
 */
export function passRole(roleArn: string | undefined, service: string): readonly Need[] {
  const resource = roleArn?.replace(/\$\{[^}]*\}/g, '*')
  if (resource === undefined || !/:role\/|\*/.test(resource) || anyCaller.test(resource)) return []
  const keys = { 'iam:PassedToService': service }
  return [{ action: 'iam:PassRole', resource, keys }]
}

/** No role: whoever calls, with what credentials they have. */
const anyCaller = /^arn:aws[a-z-]*:iam::\*:user\/\*$/

/** The condition keys of tags that a request brings. @see IAM User Guide, "AWS global condition context keys" */
export function requestTags(tags: Readonly<Record<string, string>> | undefined): RequestKeys {
  const names = Object.keys(tags ?? {})
  if (names.length === 0) return {}
  const values = names.map((name) => [`aws:RequestTag/${name}`, tags?.[name] ?? ''])
  return { 'aws:TagKeys': names, ...Object.fromEntries(values) }
}

/** The condition keys of the tags that a resource has. @see IAM User Guide, "AWS global condition context keys" */
export function resourceTags(tags: Readonly<Record<string, string>> | undefined): RequestKeys {
  const found = Object.entries(tags ?? {})
  return Object.fromEntries(found.map(([tag, value]) => [`aws:ResourceTag/${tag}`, value]))
}

/** A service each of whose operations declares its needs. */
export function defineService<Sdk>(
  name: ServiceName,
  definition: {
    readonly sdk: () => Promise<Sdk>
    readonly operations: Operations<Sdk>
  } & Omit<Service, 'name' | 'sdk' | 'operations'>,
): Service {
  return {
    ...definition,
    name,
    sdk: definition.sdk as () => Promise<SdkModule>,
    operations: operationsOf(definition.operations),
  }
}

/** A service that no client of AWS's knows: its schemas are ours, in the same form. */
export function defineOwnService(
  name: ServiceName,
  definition: {
    readonly sdk: () => Promise<object>
    readonly validation: Validation
    readonly operations: Readonly<Record<string, Operation<Values, Values>>>
  },
): Service {
  return {
    ...definition,
    name,
    sdk: definition.sdk as () => Promise<SdkModule>,
    operations: operationsOf(definition.operations),
  }
}

/** A service whose gate is the same rule for all operations. */
export function defineGatedService<Sdk>(
  name: ServiceName,
  definition: {
    readonly sdk: () => Promise<Sdk>
    readonly validation: Validation
    readonly gate: Gate
    readonly operations: GatedOperations<Sdk>
  },
): Service {
  return {
    ...definition,
    name,
    sdk: definition.sdk as () => Promise<SdkModule>,
    operations: operationsOf(definition.operations, definition.gate),
  }
}

/** What is asked of one thing is asked with the same keys, whichever right it is. */
function withKeysOf(need: Need, gated: readonly Need[]): Need {
  const { keys } = gated.find(({ resource }) => resource === need.resource) ?? {}
  return keys === undefined ? need : { ...need, keys: { ...keys, ...need.keys } }
}

function operationsOf(table: object, gate?: Gate): ReadonlyMap<string, AnyOperation> {
  return new Map(
    (Object.entries(table) as [string, GatedOperation<Values, Values>][]).map(
      ([name, operation]) => [
        name,
        {
          isUnsigned: operation.isUnsigned === true,
          constraints: operation.constraints ?? {},
          handle: operation.handle,
          needs: async (model, input, call) => {
            const gated = gate ? await gate(model, input, call) : []
            const others = (await operation.needs?.(input, call)) ?? []
            const needs = [...gated, ...others.map((need) => withKeysOf(need, gated))]
            const keys = operation.keys?.(input) ?? {}
            return Object.keys(keys).length > 0
              ? needs.map((need) => ({ ...need, keys: { ...need.keys, ...keys } }))
              : needs
          },
        },
      ],
    ),
  )
}
