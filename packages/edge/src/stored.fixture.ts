/** An answer as it is kept. */
import type { Stored } from './stored.ts'

export const stored = (more: Partial<Stored> = {}): Stored => ({
  status: 200,
  headers: [],
  body: new Uint8Array(),
  storedAt: 1,
  initialAge: 0,
  freshUntil: 2,
  revalidateUntil: 2,
  errorUntil: 3,
  survived: 0,
  uri: '/a',
  ...more,
})
