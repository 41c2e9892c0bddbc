/** Why a text is no event pattern, in AWS's words where they are known. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}
