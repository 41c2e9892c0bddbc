/** The life of a call to a deployed REST API. */
export type * from './snapshot.ts'
