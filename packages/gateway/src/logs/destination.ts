/** Which log group do a stage's lines go to? */

export interface LogGroup {
  readonly region: string
  readonly accountId: string
  readonly name: string
}

/** @returns undefined  it is no log group's ARN */
export function logGroupOf(arn: string): LogGroup | undefined {
  const [, region, accountId, name] =
    /^arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([.\-_/#A-Za-z0-9]{1,512})$/.exec(arn) ??
    []
  return region && accountId && name ? { region, accountId, name } : undefined
}
