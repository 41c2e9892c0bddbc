/** Does this stage keep logs of its calls, and which lines go into them? */
import type { GatewayReply } from '../pass.ts'
import type { Journal } from '../ports.ts'
import type { Progress } from '../progress.ts'
import type { StageSettings } from '../snapshot.ts'
import { settingsOf } from '../stage-settings.ts'
import { accessLineOf } from './access.ts'
import { executionLines, type Line } from './execution.ts'

/** Without a role nothing can be written, whatever the stage says. */
export function isLogged({
  logRoleArn,
  accessLogSettings,
  methodSettings,
}: StageSettings): boolean {
  return (
    logRoleArn !== undefined && (accessLogSettings !== undefined || methodSettings !== undefined)
  )
}

/** The call is over. */
export function writeLogs(progress: Progress, reply: GatewayReply, journal: Journal): void {
  const { received, stage } = progress
  const { destinationArn, format } = stage.accessLogSettings ?? {}
  if (destinationArn !== undefined && format !== undefined)
    journal.write('access', progress, accessLineOf(format)(progress, reply))
  for (const { text } of wantedLines(progress, reply))
    journal.write('execution', progress, `(${received.requestId}) ${text}`)
}

function wantedLines(progress: Progress, reply: GatewayReply): readonly Line[] {
  if (progress.matched === undefined) return []
  const { stage, method, httpMethod } = progress.matched
  const { loggingLevel, dataTraceEnabled } = settingsOf(stage, method, httpMethod)
  if (loggingLevel === undefined || loggingLevel === 'OFF') return []
  const wanted = {
    error: true,
    step: loggingLevel === 'INFO',
    data: dataTraceEnabled === true,
  } satisfies Record<Line['kind'], boolean>
  return [...executionLines(progress, reply)].filter(({ kind }) => wanted[kind])
}
