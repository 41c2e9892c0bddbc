/** All sides in one run, one round after the other; medians, and ratios taken inside a round. */
import { load, type Round, type Side } from './load.ts'

export interface Measured {
  readonly name: string
  readonly requestsPerSecond: number
  readonly cpuMicrosPerRequest: number
  readonly p50Ms: number
  readonly failures: number
  /** Throughput against the named side, the median of each round's own ratio. */
  readonly ratioTo: (name: string) => number
}

export interface RoundOptions {
  readonly rounds: number
  readonly seconds: number
}

/** A machine's speed drifts: a ratio is only fair between neighbours in time, so sides take turns. */
export async function takeTurns(
  sides: readonly Side[],
  options: RoundOptions,
): Promise<readonly Measured[]> {
  for (const side of sides) await warmUp(side)
  const rounds: ReadonlyMap<string, Round>[] = []
  for (let round = 0; round < options.rounds; round++) {
    const results = new Map<string, Round>()
    for (const side of sides) results.set(side.name, await load(side, options.seconds))
    rounds.push(results)
  }
  const of = (name: string) => rounds.map((round) => round.get(name)!)
  return sides.map(({ name }) => ({
    name,
    requestsPerSecond: median(of(name).map((round) => round.requestsPerSecond)),
    cpuMicrosPerRequest: median(of(name).map((round) => round.cpuMicrosPerRequest)),
    p50Ms: median(of(name).map((round) => round.p50Ms)),
    failures: of(name).reduce((sum, round) => sum + round.failures, 0),
    ratioTo: (other) =>
      median(
        rounds.map(
          (round) => round.get(name)!.requestsPerSecond / round.get(other)!.requestsPerSecond,
        ),
      ),
  }))
}

/** What a server does often is compiled for speed only after some ten thousand calls, however fast the machine. */
const warm = { requests: 30_000, seconds: 8 } as const

async function warmUp(side: Side): Promise<void> {
  let requests = 0
  for (let second = 0; second < warm.seconds && requests < warm.requests; second++)
    requests += (await load(side, 1)).requests
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
