/** The figures as Markdown: what was measured, what was asked, whether it is met. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

export interface Section {
  readonly title: string
  readonly intro: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly goals?: readonly Goal[]
}

export interface Goal {
  readonly what: string
  readonly measured: number
  readonly must: number
  readonly goal?: number
  /** Ratios have to reach the figure, costs have to stay below it. */
  readonly better: 'higher' | 'lower'
  readonly unit: string
}

export function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
  const gb = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores (${processor}), ${gb} GiB, Linux ${release()}, Node ${process.versions.node}`
}

/** `undefined` where the command is not installed. */
export function versionOf(
  command: string,
  args: readonly string[],
  pattern: RegExp,
): string | undefined {
  try {
    const text = execFileSync('sh', ['-c', `${[command, ...args].join(' ')} 2>&1 || true`], {
      encoding: 'utf8',
    })
    return pattern.exec(text)?.[1]
  } catch {
    return undefined
  }
}

export function render(sections: readonly Section[]): string {
  return sections.map(renderSection).join('\n')
}

export function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function renderSection({ title, intro, head, rows, goals }: Section): string {
  const table = [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
  return `## ${title}\n\n${intro}\n\n${table}\n${goals ? `\n${renderGoals(goals)}\n` : ''}`
}

function renderGoals(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => {
    const sign = goal.better === 'higher' ? '≥' : '≤'
    const wish = goal.goal === undefined ? '' : `${sign} ${figure(goal.goal)} ${goal.unit}`
    return `| ${goal.what} | ${figure(goal.measured)} ${goal.unit} | ${sign} ${figure(goal.must)} ${goal.unit} | ${wish} | ${verdict(goal)} |`
  })
  return ['| target | measured | must | goal | |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  )
}

function verdict({ measured, must, goal, better }: Goal): string {
  const reaches = (figure: number) =>
    better === 'higher' ? measured >= figure : measured <= figure
  if (goal !== undefined && reaches(goal)) return 'goal met'
  return reaches(must) ? 'met' : '**missed**'
}
