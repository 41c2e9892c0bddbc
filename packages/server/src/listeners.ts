/** All sockets of one serving process: the one that everybody calls, and those that stand for VPC endpoints. */
import type { Config } from './config.ts'
import { type Answer, type Listener, type ListenOn, listen } from './listen.ts'
import type { Parts } from './parts.ts'

export interface ListenersOptions {
  readonly config: Config
  readonly parts: Pick<Parts, 'onFailure' | 'upstream' | 'tls' | 'edge'>
  readonly answer: Answer
  readonly refuseHead: ListenOn['refuseHead']
  /** In place of the one that is set. */
  readonly port?: number
}

/** @returns all as one; the port is that of the first. @throws the errors of listening, with nothing left open */
export async function listenEverywhere(options: ListenersOptions): Promise<Listener> {
  const { config, parts, answer, refuseHead, port = config.port } = options
  const common = {
    answer,
    refuseHead,
    onFailure: parts.onFailure,
    isOwn: parts.upstream.isOwn,
    certificates: parts.tls?.certificates,
    speaksHttp2: parts.edge.speaksHttp2,
  }
  const reusePort = config.workers > 1
  const listeners: Listener[] = []
  const closeAll = async (graceMs: number) =>
    void (await Promise.all(listeners.map((each) => each.close(graceMs))))
  try {
    listeners.push(await listen({ ...common, on: { host: config.host, port, reusePort } }))
    for (const { host, port: own, ...vpcEndpoint } of config['vpc-endpoint'])
      listeners.push(await listen({ ...common, on: { host, port: own, reusePort }, vpcEndpoint }))
  } catch (error) {
    await closeAll(0)
    throw error
  }
  return {
    port: listeners[0]!.port,
    async connections() {
      const counts = await Promise.all(listeners.map((each) => each.connections()))
      return counts.reduce((sum, count) => sum + count, 0)
    },
    close: closeAll,
  }
}
