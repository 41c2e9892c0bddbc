/** Reads what somebody wrote down for an operation that is to be called later. */
import { notImplemented, readModel, readPlainInput, type ServiceModel } from '@sekisho/protocols'
import { type ReadInput, services } from '@sekisho/services'

/** A service's model is read when the first operation of it is asked for. */
export function createReadInput(): ReadInput {
  const models = new Map<string, Promise<ServiceModel>>()
  return async (name, operationName, json) => {
    const service = services.find((each) => each.name === name)
    if (service === undefined) throw notImplemented(`The service ${name}`)
    let model = models.get(name)
    if (model === undefined) models.set(name, (model = service.sdk().then(readModel)))
    const operation = (await model).operations.get(operationName)
    if (operation === undefined) throw notImplemented(`${operationName} of ${name}`)
    return readPlainInput(operation, json)
  }
}
