/** What a method asks of its requests, made ready: required parameters and the models of bodies. */
import { compileSchema, type Schema } from './schema/compile.ts'
import type { DeploymentSnapshot, SnapshotMethod } from './snapshot.ts'

export interface RequestChecks {
  /** Required parameters as AWS lists them: headers, then path, then query, by name. */
  readonly required: readonly RequiredParameter[]
  /** By media type, `$default` for all others; absent: bodies are not looked at. */
  readonly models?: ReadonlyMap<string, Model>
}

export interface RequiredParameter {
  readonly place: 'header' | 'path' | 'querystring'
  readonly name: string
}

/** A model, or why it cannot be used: then no body fits. */
export type Model = Schema | { readonly unreadable: string }

/** Schemas of a deployment, each compiled once, when a method first asks for it. */
export type ModelsOf = (name: string) => Model

/** Undefined: nothing is asked. A validator that is missing asks for everything. */
export function compileRequestChecks(
  method: SnapshotMethod,
  { requestValidators = {} }: DeploymentSnapshot,
  modelOf: ModelsOf,
): RequestChecks | undefined {
  const { requestValidatorId: id, requestModels = {} } = method
  if (id === undefined) return undefined
  const { validateRequestBody = true, validateRequestParameters = true } =
    (Object.hasOwn(requestValidators, id) ? requestValidators[id] : undefined) ?? {}
  const required = validateRequestParameters ? requiredParameters(method) : []
  const models = Object.entries(validateRequestBody ? requestModels : {})
  if (required.length === 0 && models.length === 0) return undefined
  return {
    required,
    ...(models.length > 0 && {
      models: new Map(models.map(([type, name]) => [type.toLowerCase(), modelOf(name)])),
    }),
  }
}

export function modelsOf({ models = {}, restApiId }: DeploymentSnapshot): ModelsOf {
  const ready = new Map<string, Model>()
  const schemas = new Map(Object.values(models).map(({ name, schema }) => [name, schema]))
  return (name) => {
    const model = ready.get(name) ?? compileModel(name, { restApiId, schemas })
    ready.set(name, model)
    return model
  }
}

function compileModel(name: string, models: Parameters<typeof compileSchema>[1]): Model {
  try {
    return compileSchema(name, models)
  } catch (error) {
    return { unreadable: `model ${name}: ${(error as Error).message}` }
  }
}

const places = ['header', 'path', 'querystring'] as const

function requiredParameters({
  requestParameters = {},
}: SnapshotMethod): readonly RequiredParameter[] {
  return places.flatMap((place) =>
    Object.keys(requestParameters)
      .filter(
        (expression) =>
          requestParameters[expression] && expression.startsWith(`method.request.${place}.`),
      )
      .map((expression) => ({ place, name: expression.slice(`method.request.${place}.`.length) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  )
}
