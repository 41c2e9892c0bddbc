/** How much more may be done for one value: what users write is run on what callers send, and has to end. */

export interface Work {
  left: number
}

/** More was asked than there is: neither yes nor no. */
export class WorkLimitError extends Error {
  override readonly name = 'WorkLimitError'
  readonly code = 'WORK_LIMIT'

  constructor() {
    super('takes too long')
  }
}

/** @throws WorkLimitError */
export function spend(work: Work, amount: number): void {
  work.left -= amount
  if (work.left < 0) throw new WorkLimitError()
}
