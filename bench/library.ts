/** The libraries by themselves, as sections of the report: decisions and signatures. */
import { figure, type Section } from './lib/report.ts'
import { measurePolicy } from './policy.ts'
import { measureSignatures } from './sigv4.ts'

const micros = (nanoseconds: number | undefined) =>
  nanoseconds === undefined ? 'not installed' : `${figure(nanoseconds / 1000)} µs`

export async function decisions(): Promise<readonly Section[]> {
  const figures = await measurePolicy()
  const of = (statements: number) => figures.find((row) => row.statements === statements)!
  const must = (statements: number, most: number, goal: number) => ({
    what: `${statements} statements`,
    measured: of(statements).nanoseconds,
    must: most,
    goal,
    better: 'lower' as const,
    unit: 'ns',
  })
  return [
    {
      title: 'Policy decisions',
      intro:
        'The same question to each; two statements are the first example. Compiled once, asked again and again; compiling is measured warm.',
      head: ['statements', 'decision', 'bytes allocated', 'compile', 'iam-simulate', 'cedar-wasm'],
      rows: figures.map(
        ({ statements, nanoseconds, bytesPerDecision, compileMs, iamSimulate, cedar }) => [
          String(statements),
          `${figure(nanoseconds)} ns`,
          figure(bytesPerDecision),
          `${figure(compileMs)} ms`,
          micros(iamSimulate),
          micros(cedar),
        ],
      ),
      goals: [
        must(2, 200, 60),
        must(100, 1_500, 800),
        must(1_000, 2_000, 1_000),
        {
          what: 't(1000)/t(10)',
          measured: of(1_000).nanoseconds / of(10).nanoseconds,
          must: 2,
          better: 'lower',
          unit: '×',
        },
        {
          what: 'compiling 1,000 statements',
          measured: of(1_000).compileMs,
          must: 30,
          better: 'lower',
          unit: 'ms',
        },
      ],
    },
  ]
}

export async function signatures(): Promise<readonly Section[]> {
  const figures = measureSignatures()
  return [
    {
      title: 'SigV4 verification',
      intro: 'One request, its signing key remembered unless said otherwise.',
      head: ['case', 'µs'],
      rows: figures.map(({ name, microseconds }) => [name, figure(microseconds)]),
      goals: figures.flatMap(({ name, microseconds, target }) =>
        target === undefined
          ? []
          : [
              {
                what: name,
                measured: microseconds,
                must: target,
                better: 'lower' as const,
                unit: 'µs',
              },
            ],
      ),
    },
  ]
}
