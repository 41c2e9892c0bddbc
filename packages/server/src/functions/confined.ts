/** What a function's process is given: a program, what it sees of this machine, and its variables. */
import { join } from 'node:path'
import type { RunnableFunction } from '@sekisho/services'
import type { Interpreter } from './runtimes.ts'
import { type Confined, insideSocket } from './sandbox.ts'
import type { SocketPlace } from './socket-place.ts'
import type { Shape } from './spares.ts'

export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresAtMs: number
}

export interface ConfineOptions {
  readonly mode: 'isolated' | 'unsafe'
  readonly network: 'none' | 'open'
  /** The socket on which functions reach this server. */
  readonly socket: Pick<SocketPlace, 'path' | 'outside'>
  /** The port that this server listens on, and so functions inside. */
  readonly port: () => number
}

export interface Given {
  readonly shape: Shape
  readonly interpreter: Interpreter
  /** Begun without a function, it waits for one. */
  readonly isSpare?: boolean
  /** The folder of the code. */
  readonly task: string
  readonly layers?: string | undefined
  /** As in AWS's names. */
  readonly runtime?: string
  readonly variables: Readonly<Record<string, string>>
}

const bootstraps = join(import.meta.dirname, 'bootstraps')

export function confinedOf(given: Given, options: ConfineOptions): Confined {
  const { shape, interpreter, isSpare = false, task, layers, variables } = given
  const { family, memoryMb } = shape
  const isIsolated = options.mode === 'isolated'
  const { root, runtime, opt } = placesOf(given, options)
  const isNode = family.bootstrap === 'node.cjs'
  const program = isIsolated && isNodeItself(interpreter) ? '/var/lang/bin/node' : interpreter.path
  const heap = isNode ? [`--max-old-space-size=${Math.max(32, Math.floor(memoryMb * 0.9))}`] : []
  const libraries = isNode ? findLibraries() : undefined
  const insideLibraries = isIsolated ? '/node_modules' : libraries
  return {
    program,
    args: [
      ...heap,
      ...(isSpare ? [join(runtime, family.spare)] : []),
      join(runtime, family.bootstrap),
    ],
    folders: isNodeItself(interpreter) ? [] : interpreter.folders.filter((each) => each !== '/usr'),
    mounts: {
      '/var/task': task,
      '/var/runtime': bootstraps,
      ...(layers !== undefined && { '/opt': layers }),
      ...(isNodeItself(interpreter) && { '/var/lang/bin/node': interpreter.path }),
      ...(libraries !== undefined && { '/node_modules': libraries }),
    },
    socket: options.socket.path,
    workingFolder: root,
    memoryMb,
    temporaryMb: shape.ephemeralStorageMb,
    hasNetwork: !ownsNetwork(options),
    environment: {
      PATH: `${opt.map((each) => `${each}/bin:`).join('')}/usr/local/bin:/usr/bin:/bin`,
      HOME: '/tmp',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      LD_LIBRARY_PATH: [root, join(root, 'lib'), ...opt.map((each) => join(each, 'lib'))].join(':'),
      ...(isNode && {
        NODE_PATH: [
          ...opt.flatMap((each) => modulesOfLayers(each, given.runtime)),
          ...(libraries === undefined ? [] : [insideLibraries]),
        ].join(':'),
      }),
      ...variables,
    },
  }
}

/** What a function is told of itself. @see Lambda Developer Guide, "Using Lambda environment variables" */
export function variablesOf(
  fn: RunnableFunction,
  given: Pick<Given, 'task' | 'layers'> & {
    readonly credentials: SessionCredentials
    readonly logStream: string
  },
  options: ConfineOptions,
): Readonly<Record<string, string>> {
  const { root, runtime, opt } = placesOf(given, options)
  const { credentials, logStream } = given
  return {
    ...fn.environment,
    _HANDLER: fn.handler,
    LAMBDA_TASK_ROOT: root,
    LAMBDA_RUNTIME_DIR: runtime,
    AWS_REGION: fn.region,
    AWS_DEFAULT_REGION: fn.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: fn.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: fn.logFormat,
    ...(fn.logFormat === 'JSON' && { AWS_LAMBDA_LOG_LEVEL: fn.applicationLogLevel ?? 'INFO' }),
    AWS_LAMBDA_LOG_GROUP_NAME: fn.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    ...(opt[0] !== undefined && { SEKISHO_LAYERS: opt[0] }),
    SEKISHO_FORWARD_PORT: ownsNetwork(options) ? String(options.port()) : '0',
    SEKISHO_FORWARD_SOCKET: options.mode === 'isolated' ? insideSocket : options.socket.outside,
  }
}

/** Variables that are read before anybody can change them. */
const readAtStart = /^(?:NODE_|PYTHON|LD_|LC_|LANG|TZ$|MALLOC_|GLIBC_|SSL_|OPENSSL_|UV_|ICU_)/

/** Whether a process that has begun without the function is as good to it as one of its own. */
export function takesSpare(fn: RunnableFunction, mode: string): boolean {
  return (
    mode === 'isolated' &&
    fn.layers.length === 0 &&
    !Object.keys(fn.environment).some((name) => readAtStart.test(name))
  )
}

/** Inside of its sandbox, or outside where there is none. */
function placesOf({ task, layers }: Pick<Given, 'task' | 'layers'>, { mode }: ConfineOptions) {
  const place = (inside: string, outside: string) => (mode === 'isolated' ? inside : outside)
  return {
    root: place('/var/task', task),
    runtime: place('/var/runtime', bootstraps),
    opt: layers === undefined ? [] : [place('/opt', layers)],
  }
}

function ownsNetwork({ mode, network }: ConfineOptions): boolean {
  return mode === 'isolated' && network === 'none'
}

/** @see Lambda Developer Guide, "Working with layers for Node.js Lambda functions" */
function modulesOfLayers(opt: string, runtime = ''): readonly string[] {
  const major = /^nodejs(\d+)/.exec(runtime)?.[1]
  return [
    ...(major === undefined ? [] : [join(opt, `nodejs/node${major}/node_modules`)]),
    join(opt, 'nodejs/node_modules'),
  ]
}

function isNodeItself({ path }: Interpreter): boolean {
  return path === process.execPath
}

/** Where `@aws-sdk/client-*` lies, which functions find as they do on AWS. */
function findLibraries(): string | undefined {
  try {
    const { pathname } = new URL(import.meta.resolve('@aws-sdk/client-s3/package.json'))
    return pathname.slice(0, pathname.indexOf('/@aws-sdk/'))
  } catch {
    return undefined
  }
}
