/** How records are written down: what a segment has said before is said by its number. */

/**
 * Two kinds of line. `=7 JSON` gives what follows the number 7 for the rest of the segment; `7 TIME REQUEST-ID` is a
 * record, and `7 TIME CAUSED-BY REQUEST-ID` one that another request was the cause of.
 */
export class Page {
  readonly #numbers = new Map<string, number>()
  #count = 0
  #sizeBytes = 0

  /** How much has been said, roughly: characters count as bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  linesOf({ same, at, requestId, causedBy }: Found): string {
    let lines = ''
    let number = this.#numbers.get(same)
    if (number === undefined) {
      number = this.#count++
      // What requests have in common is chosen by callers: what is remembered of it is bounded.
      if (this.#numbers.size >= mostRemembered) this.#numbers.clear()
      this.#numbers.set(same, number)
      lines = `=${number} ${same}\n`
    }
    lines += `${number} ${at} ${causedBy === undefined ? '' : `${causedBy} `}${requestId}\n`
    this.#sizeBytes += lines.length
    return lines
  }
}

const mostRemembered = 4_096

/** A record of a segment: what it shares with others, and what is its own. */
export interface Found {
  readonly same: string
  readonly at: number
  readonly requestId: string
  readonly causedBy?: string | undefined
}

/** In order. A line that a killed process left half written is passed over. */
export function* readPage(text: string): Generator<Found> {
  const said = new Map<string, string>()
  for (const line of text.split('\n')) {
    const blank = line.indexOf(' ')
    if (blank < 1) continue
    if (line.charCodeAt(0) === 61 /* = */) {
      said.set(line.slice(1, blank), line.slice(blank + 1))
      continue
    }
    const [, number = '', at, causedBy, requestId] =
      /^(\d+) (\d+) (?:([\w=-]+) )?([\w=-]+)$/.exec(line) ?? []
    const same = said.get(number)
    if (same !== undefined && requestId !== undefined)
      yield { same, at: Number(at), requestId, causedBy }
  }
}
