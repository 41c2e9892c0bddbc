/** How many events are being answered, or wait for it: of each function, and of each account in a region. */
import { type RunnableFunction, RunnerError } from '@sekisho/services'

/** @see Lambda Developer Guide, "Understanding Lambda function scaling" (account concurrency) */
export const mostOfAccount = 1_000

export class Load {
  readonly #counts = new Map<string, number>()

  /**
   * Counts one more, until what it returns is called.
   *
   * @param reserved  how many of its own the function has
   * @throws RunnerError RESERVED_CONCURRENCY, CONCURRENCY
   */
  enter(
    { functionArn, accountId, region }: RunnableFunction,
    reserved: number | undefined,
  ): () => void {
    const account = `${accountId}/${region}`
    const ofFunction = this.#counts.get(functionArn) ?? 0
    const ofAccount = this.#counts.get(account) ?? 0
    if (reserved !== undefined && ofFunction >= reserved)
      throw new RunnerError('RESERVED_CONCURRENCY', 'Rate Exceeded.')
    if (ofAccount >= mostOfAccount) throw new RunnerError('CONCURRENCY', 'Rate Exceeded.')
    this.#counts.set(functionArn, ofFunction + 1)
    this.#counts.set(account, ofAccount + 1)
    return () => {
      this.#leave(functionArn)
      this.#leave(account)
    }
  }

  #leave(name: string): void {
    const count = (this.#counts.get(name) ?? 0) - 1
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
  }
}
