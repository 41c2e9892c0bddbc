/** How a CloudFront function is tried out. */

export interface FunctionTried {
  /** JSON; absent: it failed. */
  readonly returned?: string
  readonly failure?: string
  readonly logs: readonly string[]
  /** Of what it may take, in percent. */
  readonly utilization: number
}

/**
 * @param event  JSON
 * @param keyValueStoreId  of the store that it reads
 */
export type EdgeFunctionTester = (
  code: string,
  event: string,
  keyValueStoreId: string | undefined,
) => Promise<FunctionTried>
