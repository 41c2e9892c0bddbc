/** The verbs, in the order in which they are met. */
import type { Verb } from '../verb.ts'
import { account } from './account.ts'
import { backup } from './backup.ts'
import { clock } from './clock.ts'
import { demo } from './demo.ts'
import { env } from './env.ts'
import { exec } from './exec.ts'
import { explain } from './explain.ts'
import { lint } from './lint.ts'
import { log } from './log.ts'
import { reset } from './reset.ts'
import { restore } from './restore.ts'
import { simulate } from './simulate.ts'
import { start } from './start.ts'

export const verbs = {
  start,
  env,
  account,
  exec,
  log,
  explain,
  lint,
  simulate,
  backup,
  restore,
  clock,
  reset,
  demo,
} as const satisfies Record<string, Verb>

/** Words of the command line that this version does not follow yet. */
export const laterVerbs = ['deploy', 'prove'] as const
