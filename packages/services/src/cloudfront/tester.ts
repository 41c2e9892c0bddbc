/** How a CloudFront function is tried out. */

export interface FunctionTried {
  /** JSON; absent: it failed. */
  readonly returned?: string
  readonly failure?: string
  readonly logs: readonly string[]
  /** Of what it may take, in percent. */
  readonly utilization: number
}

/** @param event  JSON */
export type EdgeFunctionTester = (code: string, event: string) => Promise<FunctionTried>
