/** Models: what bodies look like, as JSON schemas that may refer to each other. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotModel } from '@sekisho/gateway'
import type { GatedOperations } from '../service.ts'
import { badRequest, conflict, notFound } from './errors.ts'
import { partId } from './ids.ts'
import { checkModel, checkModelName, modelsReferredTo, resolvedSchema } from './model-rules.ts'
import { modelTemplate } from './model-template.ts'
import { page } from './paging.ts'
import { applyPatches, listingWording, type PatchTable, patchConstraints } from './patch.ts'
import { getApi, methodsOf, type RestApiRecord, updateApi } from './records.ts'

export const models = {
  CreateModel: {
    async handle({ restApiId, name, description, schema = '', contentType }, call) {
      checkModelName(name)
      const change = (api: RestApiRecord): RestApiRecord => {
        if (Object.hasOwn(api.models, name))
          throw conflict('Model name already exists for this REST API')
        const id = partId(call.ids)
        return withModel(api, {
          id,
          name,
          ...(description && { description }),
          schema,
          contentType,
        })
      }
      return modelOf(await updateApi(call, restApiId, change), name)
    },
  },

  GetModel: {
    async handle({ restApiId, modelName, flatten = false }, call) {
      const api = await getApi(call.documents, call, restApiId)
      const model = modelOf(api, modelName)
      return flatten ? { ...model, schema: JSON.stringify(resolvedSchema(api, modelName)) } : model
    },
  },

  GetModels: {
    async handle(input, call) {
      const { models: present } = await getApi(call.documents, call, input.restApiId)
      const { items, position } = page(Object.values(present), input, ({ name }) => name)
      return { items, ...(position && { position }) }
    },
  },

  GetModelTemplate: {
    async handle({ restApiId, modelName }, call) {
      const api = await getApi(call.documents, call, restApiId)
      modelOf(api, modelName)
      return { value: modelTemplate(resolvedSchema(api, modelName)) }
    },
  },

  UpdateModel: {
    constraints: patchConstraints,
    async handle({ restApiId, modelName, patchOperations }, call) {
      const record = await updateApi(call, restApiId, (api) =>
        withModel(
          api,
          applyPatches(modelOf(api, modelName), patchOperations, patches, listingWording),
        ),
      )
      return modelOf(record, modelName)
    },
  },

  DeleteModel: {
    async handle({ restApiId, modelName }, call) {
      await updateApi(call, restApiId, (api) => {
        modelOf(api, modelName)
        refuseInUse(api, modelName)
        const { [modelName]: _, ...others } = api.models
        return { ...api, models: others }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
function modelOf({ models: present }: RestApiRecord, name: string): SnapshotModel {
  const model = Object.hasOwn(present, name) ? present[name] : undefined
  if (model === undefined) throw notFound(`Invalid model name specified: ${name}`)
  return model
}

/** @throws AwsError BadRequestException  the model cannot be used, or it breaks one that refers to it */
function withModel(api: RestApiRecord, model: SnapshotModel): RestApiRecord {
  if (model.schema === '')
    throw badRequest('Model schema must have at least 1 property or array items defined')
  const changed = { ...api, models: { ...api.models, [model.name]: model } }
  checkModel(changed, model.name)
  return changed
}

function refuseInUse(api: RestApiRecord, name: string): void {
  for (const { at, method } of methodsOf(api)) {
    if (Object.values(method.requestModels ?? {}).includes(name))
      throw conflict(`Cannot delete model '${name}', is referenced in method request: ${at}`)
    for (const { responseModels = {} } of Object.values(method.methodResponses ?? {}))
      if (Object.values(responseModels).includes(name))
        throw conflict(`Cannot delete model '${name}', is referenced in method response: ${at}`)
  }
  const other = Object.values(api.models).find(
    (model) => model.name !== name && modelsReferredTo(api, model.schema).has(name),
  )
  if (other !== undefined)
    throw conflict(`Cannot delete model '${name}', is referenced in model: ${other.name}`)
}

const patches: PatchTable<SnapshotModel> = {
  '/description': {
    ops: ['replace'],
    apply: ({ description: _, ...model }, { value }) => ({
      ...model,
      ...(value !== '' && { description: value }),
    }),
  },
  '/schema': { ops: ['replace'], apply: (model, { value }) => ({ ...model, schema: value }) },
}
