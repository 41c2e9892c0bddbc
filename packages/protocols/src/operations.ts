/** The types of an AWS service's operations, read off its SDK client, as the server sees them. */

/** What an SDK client package exports. */
export type SdkModule = Readonly<Record<string, unknown>>

/** A request as it is received: what the model requires has been checked, so it is never undefined. */
export type Received<T> = T extends readonly (infer E)[]
  ? Received<E>[]
  : T extends Date | Uint8Array | string | number | boolean | null | undefined
    ? T
    : T extends object
      ? {
          [K in keyof T]: {} extends Pick<T, K>
            ? Received<T[K]>
            : Received<Exclude<T[K], undefined>>
        }
      : T

type CommandOf<Sdk, Name extends string> = Sdk extends {
  [K in `${Name}Command`]: new (
    ...args: infer Args extends readonly unknown[]
  ) => infer Command
}
  ? { input: Args[number]; command: Command }
  : never

type OutputOf<Command> = Command extends {
  resolveMiddleware(...args: never[]): (args: never) => Promise<infer R>
}
  ? R extends { output: infer O }
    ? Omit<O, '$metadata'>
    : never
  : never

export type OperationName<Sdk> = string &
  keyof {
    [K in keyof Sdk as K extends `${infer Name}Command` ? Exclude<Name, '$' | ''> : never]: true
  }

/**
 * Names of a model's errors, as the client exports their classes: `NotFoundException`, S3's and CloudFront's `NoSuchBucket`.
 * What stands on the wire may differ (`NoSuchEntity` for IAM's `NoSuchEntityException`): `errorNamed` knows it.
 */
export type ErrorName<Sdk> = string &
  keyof {
    [K in keyof Sdk as Sdk[K] extends new (
      ...args: never[]
    ) => { readonly name: infer Name; readonly $fault: 'client' | 'server' }
      ? // A client's own base class has any string for a name.
        string extends Name
        ? never
        : K
      : never]: true
  }

export type Input<Sdk, Name extends string> = Received<CommandOf<Sdk, Name>['input']>
export type Output<Sdk, Name extends string> = OutputOf<CommandOf<Sdk, Name>['command']>
