/** Which deliveries may set out? Those to one target stand in a line, so that no target waits for another's. */
import {
  type Delivery,
  type Due,
  deliveriesCollection,
  dueDeliveries,
  timeOfKey,
} from '@sekisho/services'
import type { State } from '@sekisho/store'

/** Under way at once; to one target. */
const mostUnderWay = 256
const mostToOne = 16
const pageSize = 200
/** Read ahead of those that set out. */
const mostRead = 2_000

interface Line {
  readonly waiting: Due[]
  underWay: number
}

export class Lines {
  readonly #documents: State['documents']
  readonly #lines = new Map<string, Line>()
  /** Those that stand in a line or are under way. */
  readonly #known = new Set<string>()
  #waiting = 0
  #underWay = 0
  /** All that is due up to here has been read. */
  #readTo: string | undefined

  constructor(documents: State['documents']) {
    this.#documents = documents
  }

  /** The clock goes by another time now: what is due has to be read from the first on. */
  restart(): void {
    this.#readTo = undefined
  }

  /** Somebody wrote it or took it away; before what has been read, nobody looks again. */
  async look(key: string, nowMs: number): Promise<void> {
    if (this.#readTo === undefined || key > this.#readTo || this.#known.has(key)) return
    if (timeOfKey(key) > nowMs) return this.restart()
    const found = await this.#documents.get<Delivery>(deliveriesCollection, key)
    if (found) this.#add({ key, delivery: found.value })
  }

  /** As many as may set out now; each has to be reported back. */
  async next(nowMs: number): Promise<readonly Due[]> {
    await this.#read(nowMs)
    const going: Due[] = []
    for (const line of this.#lines.values())
      while (
        line.waiting.length > 0 &&
        line.underWay < mostToOne &&
        this.#underWay < mostUnderWay
      ) {
        going.push(line.waiting.shift()!)
        this.#waiting--
        line.underWay++
        this.#underWay++
      }
    return going
  }

  back({ key, delivery }: Due): void {
    this.#known.delete(key)
    this.#underWay--
    const line = this.#lines.get(delivery.targetArn)!
    line.underWay--
    if (line.underWay === 0 && line.waiting.length === 0) this.#lines.delete(delivery.targetArn)
  }

  async #read(nowMs: number): Promise<void> {
    while (this.#waiting < mostRead) {
      const due = await dueDeliveries(this.#documents, nowMs, pageSize, this.#readTo)
      for (const each of due) this.#add(each)
      this.#readTo = due.at(-1)?.key ?? this.#readTo
      if (due.length < pageSize) return
    }
  }

  #add(due: Due): void {
    if (this.#known.has(due.key)) return
    this.#known.add(due.key)
    this.#waiting++
    const { targetArn } = due.delivery
    const line = this.#lines.get(targetArn)
    if (line) line.waiting.push(due)
    else this.#lines.set(targetArn, { waiting: [due], underWay: 0 })
  }
}
