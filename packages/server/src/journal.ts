/** Where do the lines go that the stages of deployed APIs write of their calls? */
import { createHash, randomUUID } from 'node:crypto'
import { type Journal, logGroupOf, type StageSettings } from '@sekisho/gateway'
import type { LogTarget, LogWriter } from './log-writer.ts'

type Of = Parameters<Journal['write']>[1]
type Kind = Parameters<Journal['write']>[0]

export function createJournal(writer: Pick<LogWriter, 'write'>): Journal {
  // Streams are of one process: two would wait for each other.
  const process = randomUUID()
  const targets = {
    access: new WeakMap<StageSettings, LogTarget>(),
    execution: new WeakMap<StageSettings, LogTarget>(),
  }
  return {
    write(kind, of, line) {
      let target = targets[kind].get(of.stage)
      if (target === undefined) {
        target = targetOf(kind, of, process)
        if (target === undefined) return
        targets[kind].set(of.stage, target)
      }
      writer.write(target, line)
    },
  }
}

/** @see API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway" */
function targetOf(kind: Kind, { deployment, stage }: Of, process: string): LogTarget | undefined {
  const { accountId, region, restApiId } = deployment.snapshot
  const { stageName, logRoleArn: roleArn } = stage
  // A canary's steps are told apart from the stage's.
  const canary = stage.isCanary ? '/Canary' : ''
  const group =
    kind === 'execution'
      ? { accountId, region, name: `API-Gateway-Execution-Logs_${restApiId}/${stageName}${canary}` }
      : logGroupOf(stage.accessLogSettings?.destinationArn ?? '')
  if (group === undefined || roleArn === undefined) return undefined
  const as = { roleArn, accountId, service: 'apigateway.amazonaws.com' }
  const streamName = createHash('md5').update(`${process} ${group.name}`).digest('hex')
  return { group, streamName, makesGroup: true, as }
}
