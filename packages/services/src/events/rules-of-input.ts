/** Constraints that operations share. @see EventBridge API Reference, "Data Types" */
export const ruleName = [{ minLength: 1, maxLength: 64 }, { pattern: /[.\-_A-Za-z0-9]+/ }] as const

export const busNameOrArn = [
  { minLength: 1, maxLength: 1_600 },
  {
    pattern: /(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/.\-_A-Za-z0-9]+/,
  },
] as const

export const description = { maxLength: 512 } as const
export const roleArn = { minLength: 1, maxLength: 1_600 } as const

export const page = {
  Limit: { min: 1, max: 100 },
  NextToken: { minLength: 1, maxLength: 2_048 },
} as const
