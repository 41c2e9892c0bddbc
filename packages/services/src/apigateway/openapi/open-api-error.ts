/** The document is not one that can be imported; `message` says where. */
export class OpenApiError extends Error {
  override readonly name = 'OpenApiError'
  readonly code = 'INVALID_OPENAPI'
}
