/** What Lambda itself writes into a function's log, in the format that the function has chosen. */
import type { RunnableFunction } from '@sekisho/services'

export interface Report {
  readonly requestId: string
  readonly durationMs: number
  /** Where the environment began with this event. */
  readonly initMs?: number | undefined
  readonly peakMb: number
  readonly status: 'success' | 'error' | 'timeout' | 'failure'
  readonly errorType?: string | undefined
}

export interface PlatformLog {
  readonly initStart: (interpreter: string) => readonly string[]
  readonly initFailed: (
    durationMs: number,
    status: 'error' | 'timeout',
    errorType?: string,
  ) => readonly string[]
  readonly start: (requestId: string) => readonly string[]
  readonly timedOut: (requestId: string) => readonly string[]
  readonly end: (report: Report) => readonly string[]
}

/** @param now  epoch milliseconds */
export function platformLog(fn: RunnableFunction, now: () => number): PlatformLog {
  return fn.logFormat === 'JSON' ? jsonLog(fn, now) : textLog(fn, now)
}

/** @see Lambda Developer Guide, "Understanding Lambda logs" */
function textLog(fn: RunnableFunction, now: () => number): PlatformLog {
  return {
    initStart: (interpreter) => [`INIT_START Runtime Version: ${fn.runtime} (${interpreter})`],
    initFailed: (durationMs, status, errorType) => [
      `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: init\tStatus: ${status}${
        errorType === undefined ? '' : `\tError Type: ${errorType}`
      }`,
    ],
    start: (requestId) => [`START RequestId: ${requestId} Version: ${fn.version}`],
    timedOut: (requestId) => [
      `${new Date(now()).toISOString()} ${requestId} Task timed out after ${fn.timeoutSeconds.toFixed(2)} seconds`,
    ],
    end: ({ requestId, durationMs, initMs, peakMb, status, errorType }) => [
      `END RequestId: ${requestId}`,
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\t` +
        `Billed Duration: ${billedMs(durationMs, initMs)} ms\tMemory Size: ${fn.memoryMb} MB\t` +
        `Max Memory Used: ${Math.round(peakMb)} MB\t` +
        (initMs === undefined ? '' : `Init Duration: ${initMs.toFixed(2)} ms\t`) +
        // What a handler raises is no failure of the environment.
        (status === 'success' || status === 'error' ? '' : `Status: ${statusName[status]}\t`) +
        (status === 'failure' && errorType !== undefined ? `Error Type: ${errorType}\t` : ''),
    ],
  }
}

const statusName = { timeout: 'timeout', failure: 'error' } as const

const ranks = { DEBUG: 0, INFO: 1, WARN: 2 } as const

/** @see Lambda Developer Guide, "Lambda Telemetry API Event schema reference" */
function jsonLog(fn: RunnableFunction, now: () => number): PlatformLog {
  const least = ranks[fn.systemLogLevel ?? 'INFO']
  const line = (rank: number, type: string, record: object): readonly string[] =>
    rank < least
      ? []
      : [JSON.stringify({ time: new Date(now()).toISOString(), type: `platform.${type}`, record })]
  return {
    initStart: (interpreter) =>
      line(ranks.INFO, 'initStart', {
        initializationType: 'on-demand',
        phase: 'init',
        runtimeVersion: `${fn.runtime} (${interpreter})`,
        functionName: fn.name,
        functionVersion: fn.version,
      }),
    initFailed: (durationMs, status, errorType) =>
      line(ranks.WARN, 'initReport', {
        initializationType: 'on-demand',
        phase: 'init',
        status,
        ...(errorType !== undefined && { errorType }),
        metrics: { durationMs: rounded(durationMs) },
      }),
    start: (requestId) =>
      line(ranks.INFO, 'start', { requestId, functionArn: fn.functionArn, version: fn.version }),
    timedOut: () => [],
    end: ({ requestId, durationMs, initMs, peakMb, status, errorType }) =>
      line(status === 'success' || status === 'error' ? ranks.INFO : ranks.WARN, 'report', {
        requestId,
        metrics: {
          durationMs: rounded(durationMs),
          billedDurationMs: billedMs(durationMs, initMs),
          memorySizeMB: fn.memoryMb,
          maxMemoryUsedMB: Math.round(peakMb),
          ...(initMs !== undefined && { initDurationMs: rounded(initMs) }),
        },
        status,
        ...(errorType !== undefined && { errorType }),
      }),
  }
}

/** Loading is paid for as running is. */
function billedMs(durationMs: number, initMs = 0): number {
  return Math.max(1, Math.ceil(durationMs + initMs))
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
