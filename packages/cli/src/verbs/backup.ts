/** `sekisho backup`: a copy of everything, while the server goes on. */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { dataFolder } from '../data-folder.ts'
import { pathOf } from '../environment.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { callOperator } from '../operator.ts'
import { defineVerb, shared } from '../verb.ts'

export const backup = defineVerb({
  summary: 'copy everything that a server keeps into one file',
  usage: 'FILE',
  help: 'The state at one moment and every blob it names, as a tar file with mode 0600; it holds secrets. The decision log is not in it.',
  options: shared,
  async run(given, [file, ...others], environment) {
    if (file === undefined || others.length > 0) throw usageError('give one FILE to write')
    const target = pathOf(file, environment)
    const unfinished = `${target}.unfinished`
    const answer = await callOperator(dataFolder(given.data, environment), {
      method: 'POST',
      path: 'backup',
    })
    try {
      // A backup that was cut off must not look like one.
      await pipeline(answer, createWriteStream(unfinished, { mode: 0o600, flush: true }))
      await rename(unfinished, target)
    } finally {
      await rm(unfinished, { force: true })
    }
    environment.print(given.json ? JSON.stringify({ file: target }) : target)
    return exitCodes.done
  },
})
