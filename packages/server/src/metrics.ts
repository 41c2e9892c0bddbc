/** Counts and times for Prometheus, cheap enough for every request. */

/** Upper bounds in seconds. */
const bounds = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10, 30,
]

interface Series {
  count: number
  sumSeconds: number
  readonly buckets: Float64Array
}

export interface Gauges {
  readonly connections: number
  readonly droppedRecords: number
  readonly droppedLines: number
  readonly compiledStages: number
}

/** What one process has counted, for another to add up. */
export interface MetricsSnapshot {
  readonly outcomes: readonly (readonly [road: string, outcome: string, count: number])[]
  readonly times: readonly (readonly [
    road: string,
    count: number,
    sumSeconds: number,
    buckets: readonly number[],
  ])[]
}

export class Metrics {
  readonly #outcomes = new Map<string, Map<string, number>>()
  readonly #times = new Map<string, Series>()
  readonly #startedAt = performance.timeOrigin

  /** @param outcome  one of a bounded set of words */
  count(road: string, outcome: string, durationMs: number): void {
    this.#add(road, outcome, 1)
    const series = this.#seriesOf(road)
    const seconds = durationMs / 1_000
    series.count++
    series.sumSeconds += seconds
    for (let at = 0; at < bounds.length; at++)
      if (seconds <= bounds[at]!) {
        series.buckets[at]!++
        break
      }
  }

  snapshot(): MetricsSnapshot {
    return {
      outcomes: [...this.#outcomes].flatMap(([road, outcomes]) =>
        [...outcomes].map(([outcome, count]) => [road, outcome, count] as const),
      ),
      times: [...this.#times].map(
        ([road, { count, sumSeconds, buckets }]) =>
          [road, count, sumSeconds, [...buckets]] as const,
      ),
    }
  }

  /** All of them together. */
  static sum(snapshots: readonly MetricsSnapshot[]): Metrics {
    const sum = new Metrics()
    for (const { outcomes, times } of snapshots) {
      for (const [road, outcome, count] of outcomes) sum.#add(road, outcome, count)
      for (const [road, count, sumSeconds, buckets] of times) {
        const series = sum.#seriesOf(road)
        series.count += count
        series.sumSeconds += sumSeconds
        for (const [at, value] of buckets.entries()) series.buckets[at]! += value
      }
    }
    return sum
  }

  #add(road: string, outcome: string, count: number): void {
    let outcomes = this.#outcomes.get(road)
    if (outcomes === undefined) this.#outcomes.set(road, (outcomes = new Map()))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
  }

  #seriesOf(road: string): Series {
    let series = this.#times.get(road)
    if (series === undefined) {
      series = { count: 0, sumSeconds: 0, buckets: new Float64Array(bounds.length) }
      this.#times.set(road, series)
    }
    return series
  }

  /** @see Prometheus documentation, "Exposition formats" */
  text(gauges: Gauges): string {
    const { heapUsed, rss } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return [
      ...metric('sekisho_requests_total', 'counter', 'Requests by road and outcome', [
        ...[...this.#outcomes].flatMap(([road, outcomes]) =>
          [...outcomes].map(
            ([outcome, count]) => [`{road="${road}",outcome="${outcome}"}`, count] as const,
          ),
        ),
      ]),
      ...this.#histogram(),
      ...metric('sekisho_open_connections', 'gauge', 'Open connections', [
        ['', gauges.connections],
      ]),
      ...metric('sekisho_compiled_stages', 'gauge', 'Stages of deployed APIs kept ready', [
        ['', gauges.compiledStages],
      ]),
      ...metric(
        'sekisho_log_records_dropped_total',
        'counter',
        'Decisions that the log could not take',
        [['', gauges.droppedRecords]],
      ),
      ...metric(
        'sekisho_log_lines_dropped_total',
        'counter',
        'Lines of stages and functions that did not reach their log group',
        [['', gauges.droppedLines]],
      ),
      ...metric('process_cpu_seconds_total', 'counter', 'CPU time', [['', (user + system) / 1e6]]),
      ...metric('process_resident_memory_bytes', 'gauge', 'Resident memory', [['', rss]]),
      ...metric('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use', [['', heapUsed]]),
      ...metric('process_start_time_seconds', 'gauge', 'Start, since the epoch', [
        ['', this.#startedAt / 1_000],
      ]),
      '',
    ].join('\n')
  }

  #histogram(): string[] {
    const name = 'sekisho_request_duration_seconds'
    const lines = [
      `# HELP ${name} Time from the end of the headers to the answer`,
      `# TYPE ${name} histogram`,
    ]
    for (const [road, { count, sumSeconds, buckets }] of this.#times) {
      let below = 0
      for (const [at, bound] of bounds.entries()) {
        below += buckets[at]!
        lines.push(`${name}_bucket{road="${road}",le="${bound}"} ${below}`)
      }
      lines.push(
        `${name}_bucket{road="${road}",le="+Inf"} ${count}`,
        `${name}_sum{road="${road}"} ${sumSeconds}`,
        `${name}_count{road="${road}"} ${count}`,
      )
    }
    return lines
  }
}

function metric(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  values: readonly (readonly [labels: string, value: number])[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...values.map(([labels, value]) => `${name}${labels} ${value}`),
  ]
}
