/** What does this YAML say? In bounded time and memory, whoever wrote it. */
import { Composer, type Document, isMap, isScalar, isSeq, Lexer, Parser } from 'yaml'
import { OpenApiError } from './open-api-error.ts'

/** References of aliases that may be expanded, against documents that explode. */
const maxAliases = 1_000
/** How many tokens may be open at once. Whoever reads a document calls itself for each of them. */
const mostOpen = 200
/** Of some two megabytes as they are usually written. Each costs microseconds in which nobody else is answered. */
const mostTokens = 400_000

/** @throws OpenApiError */
export function readYaml(text: string): unknown {
  const document = composed(text)
  if (document === undefined) return null
  refuseDoubles(document.contents)
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch (cause) {
    throw new OpenApiError('the document expands too many YAML aliases', { cause })
  }
}

/** The first of several documents is refused with the others: which of them is meant? */
function composed(text: string): Document.Parsed | undefined {
  // Among ten thousand keys the library would compare each with each.
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false })
  // It would gather every fault there is, and there may be one a byte.
  let fault: OpenApiError | undefined
  Object.assign(composer, {
    onError(at: Place, _code: string, message: string, isWarning?: boolean) {
      if (isWarning) return
      // It takes what is thrown here for a fault of its own, and comes with it again.
      throw (fault ??= new OpenApiError(
        `the document is not YAML: line ${lineOf(at, text)}: ${message}`,
      ))
    },
  })
  const [document, another] = composer.compose(tokensOf(text), true, text.length)
  if (another !== undefined) throw new OpenApiError('there is more than one YAML document')
  return document as Document.Parsed | undefined
}

function* tokensOf(text: string) {
  const parser = new Parser()
  let read = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (++read > mostTokens)
      throw new OpenApiError(`YAML of more than ${mostTokens} tokens is not read; JSON is`)
    yield* parser.next(lexeme)
    if (parser.stack.length > mostOpen) throw new OpenApiError('the document is nested too deeply')
  }
  yield* parser.end()
}

type Place = number | readonly [number, ...number[]] | { readonly offset: number }

function lineOf(at: Place, text: string): number {
  const offset = typeof at === 'number' ? at : 'offset' in at ? at.offset : at[0]
  return text.slice(0, offset).split('\n').length
}

function refuseDoubles(node: unknown): void {
  if (isSeq(node)) node.items.forEach(refuseDoubles)
  if (!isMap(node)) return
  const seen = new Set<unknown>()
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : key
    if (seen.has(name)) throw new OpenApiError(`the key ${JSON.stringify(name)} stands twice`)
    seen.add(name)
    refuseDoubles(value)
  }
}
