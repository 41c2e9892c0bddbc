/** What does this stage serve now? Compiled deployments, kept warm, dropped when something changes. */
import { compileDeployment, type Deployment, type StageSettings } from '@sekisho/gateway'
import { apigatewayCollections, loadDeployedStage } from '@sekisho/services'
import type { Store } from '@sekisho/store'

export interface ServedStage {
  readonly deployment: Deployment
  readonly stage: StageSettings
  /** What some of the calls get instead. */
  readonly canary?: Omit<ServedStage, 'canary'>
}

/** `undefined`: there is no such stage. A promise only when it has to be read and compiled first. */
export interface Deployments extends Disposable {
  readonly find: (
    apiId: string,
    stageName: string,
  ) => ServedStage | undefined | Promise<ServedStage | undefined>
  readonly size: () => number
}

/** What belongs to one API; gone as a whole when anything of the API changes. */
type Stages = Map<string, ServedStage>

/** Deployments never change: one that is still served is not compiled again. */
const mostCompiled = 1_000

export function openDeployments(
  { documents, changes }: Pick<Store, 'documents' | 'changes'>,
  /** Hears of each deployment that is about to be served. */
  onCompiled: (deployment: Deployment) => void,
): Deployments {
  const ready = new Map<string, Stages>()
  const compiled = new Map<string, Deployment>()
  const watched: ReadonlySet<string> = new Set(Object.values(apigatewayCollections))
  let changeCount = 0
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) {
      if (!watched.has(collection)) continue
      changeCount++
      // What an account says holds for all of its stages.
      if (collection === apigatewayCollections.accounts) ready.clear()
      // Stages and deployments begin with the API's id, APIs end with it.
      const parts = key.split('/')
      ready.delete(parts[0]!)
      ready.delete(parts.at(-1)!)
    }
  })

  const deploymentOf = (snapshot: Deployment['snapshot']): Deployment => {
    const key = `${snapshot.restApiId}/${snapshot.deploymentId}`
    let deployment = compiled.get(key)
    if (deployment === undefined) {
      deployment = compileDeployment(snapshot)
      onCompiled(deployment)
      if (compiled.size >= mostCompiled) compiled.clear()
      compiled.set(key, deployment)
    }
    return deployment
  }

  const load = async (apiId: string, stageName: string): Promise<ServedStage | undefined> => {
    for (;;) {
      const seen = changeCount
      const found = await loadDeployedStage(documents, apiId, stageName)
      // Changed while it was read: what was read may be old.
      if (seen !== changeCount) continue
      if (found === undefined) return undefined
      const { snapshot, stage, canary } = found
      const served: ServedStage = {
        deployment: deploymentOf(snapshot),
        stage,
        ...(canary && {
          canary: { deployment: deploymentOf(canary.snapshot), stage: canary.stage },
        }),
      }
      const stages = ready.get(apiId) ?? new Map<string, ServedStage>()
      ready.set(apiId, stages.set(stageName, served))
      return served
    }
  }

  return {
    find: (apiId, stageName) => ready.get(apiId)?.get(stageName) ?? load(apiId, stageName),
    size: () => [...ready.values()].reduce((sum, stages) => sum + stages.size, 0),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
