/** What a template set in the place of what was mapped. */
import { GatewayError } from './gateway-responses.ts'
import { TemplateError } from './templates/syntax.ts'
import { printed } from './templates/values.ts'
import { WorkLimitError } from './work.ts'

const mostWork = 100_000

/** Each name with its values: a list is several. @throws GatewayError API_CONFIGURATION_ERROR */
export function overridesOf(
  target: Readonly<Record<string, unknown>>,
): readonly (readonly [name: string, values: readonly string[]])[] {
  const work = { left: mostWork }
  try {
    return Object.entries(target).map(([name, value]) => [
      name,
      [value].flat().map((each) => printed(each, work)),
    ])
  } catch (error) {
    if (!(error instanceof TemplateError || error instanceof WorkLimitError)) throw error
    throw new GatewayError('API_CONFIGURATION_ERROR', { detail: `an override: ${error.message}` })
  }
}

/** Without those of this name: an override is final. */
export function withoutHeader(flat: readonly string[], name: string): string[] {
  const lower = name.toLowerCase()
  return flat.filter((_, at) => flat[at - (at % 2)]!.toLowerCase() !== lower)
}
