/** What runs functions, as this service sees it; the server implements it with processes. */

/** One version of a function in one configuration: what an environment is made of. */
export interface RunnableFunction {
  /**
   * Names what is run to the byte (function, version, code, configuration): an environment that was made for another
   * revision never runs this one.
   */
  readonly revision: string
  readonly accountId: string
  readonly region: string
  readonly name: string
  /** `$LATEST` or a number. */
  readonly version: string
  /** Without version or alias. */
  readonly functionArn: string
  readonly roleArn: string
  /** `nodejs22.x`, `python3.12`, `provided.al2023` … */
  readonly runtime: string
  readonly handler: string
  readonly memoryMb: number
  readonly timeoutSeconds: number
  /** Of `/tmp`. */
  readonly ephemeralStorageMb: number
  /** The user's own variables. */
  readonly environment: Readonly<Record<string, string>>
  /** Archives (zip) in Blobs: the function's own, then its layers in order. */
  readonly code: CodeArchive
  readonly layers: readonly CodeArchive[]
  readonly logGroup: string
  readonly logFormat: 'Text' | 'JSON'
  readonly tracing?: 'Active' | 'PassThrough' | undefined
  /** Of a JSON log: from which level on the function's own lines are written, and Lambda's. */
  readonly applicationLogLevel?: ApplicationLogLevel | undefined
  readonly systemLogLevel?: SystemLogLevel | undefined
}

export type ApplicationLogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL'
export type SystemLogLevel = 'DEBUG' | 'INFO' | 'WARN'

export interface CodeArchive {
  /** Name in Blobs. */
  readonly blob: string
  /** Lower-case hexadecimal, of the archive. */
  readonly sha256: string
}

export interface Invocation {
  readonly requestId: string
  /** As the caller named it: with its version or alias. */
  readonly invokedArn: string
  /** JSON; as text where it has been written here. */
  readonly event: Uint8Array | string
  /** JSON, decoded from `X-Amz-Client-Context`. */
  readonly clientContext?: string | undefined
  readonly traceId?: string | undefined
  /** How many environments of this function may be busy at once; undefined: as many as the account may. */
  readonly reservedConcurrency?: number | undefined
  /** The function may answer piece by piece. */
  readonly streams?: boolean | undefined
}

export interface InvocationResult {
  /** What the function answered, or the error object (`errorMessage`, `errorType`, …). */
  readonly payload: Uint8Array | AsyncIterable<Uint8Array>
  /** As in `X-Amz-Function-Error`. */
  readonly functionError?: 'Handled' | 'Unhandled'
  /** Of an answer in pieces, where the function has said. */
  readonly contentType?: string | undefined
  /** Of an answer in pieces: resolves at its end, with the error object where the function failed within it. */
  readonly failure?: Promise<Uint8Array | undefined>
  /** The last 4 KiB of this invocation's log, complete once the payload is. */
  readonly logTail: () => Promise<string>
}

/** The function could not be asked at all. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError'
  readonly code: RunnerErrorCode

  constructor(code: RunnerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type RunnerErrorCode =
  /** Every environment that may be is busy. */
  | 'CONCURRENCY'
  /** As above, by the function's own reserve. */
  | 'RESERVED_CONCURRENCY'
  /** Functions are not isolated on this machine, or their interpreter is missing; the message says how to mend it. */
  | 'UNAVAILABLE'
  /** The archive is none, unpacks to too much or leaves its folder. */
  | 'INVALID_CODE'
  /** The role's credentials were refused. */
  | 'ROLE'

export interface FunctionRunner {
  /** @throws RunnerError */
  readonly invoke: (fn: RunnableFunction, invocation: Invocation) => Promise<InvocationResult>
  /** Can a function of this runtime run here? Undefined: yes; else why not, and what is supported. */
  readonly whyNot: (runtime: string) => string | undefined
  /**
   * Reads an archive as it will be unpacked, without keeping anything.
   * @returns its size unpacked, in bytes
   * @throws RunnerError INVALID_CODE
   */
  readonly inspect: (archive: Uint8Array) => Promise<{ readonly unpackedBytes: number }>
  /** The address of a function URL. */
  readonly urlOf: (urlId: string, region: string) => string
  /** An address on this server where a blob can be fetched for a while, by whoever has it. */
  readonly linkTo: (link: {
    readonly blob: string
    readonly name: string
    readonly forMs: number
  }) => Promise<string>
  /** Whether one more event of that size may wait to be run. */
  readonly hasRoomFor: (bytes: number) => boolean
  /** Ends the environments of revisions that begin so, once they are idle: their code or configuration is gone. */
  readonly retire: (revisionPrefix: string) => void
}
