/** Reaches the server from a network of its own: what comes to a port inside goes to the socket that leads outside. */
import { connect, createServer } from 'node:net'

export function forward() {
  const { SEKISHO_FORWARD_PORT: port, SEKISHO_FORWARD_SOCKET: path } = process.env
  delete process.env.SEKISHO_FORWARD_PORT
  delete process.env.SEKISHO_FORWARD_SOCKET
  if (port === undefined) return Promise.resolve()
  return new Promise((done, fail) => {
    const server = createServer({ allowHalfOpen: true }, (from) => {
      const to = connect({ path, allowHalfOpen: true })
      from.pipe(to).pipe(from)
      from.on('error', () => to.destroy())
      to.on('error', () => from.destroy())
    })
    server.unref()
    server.once('error', fail)
    server.listen(Number(port), '127.0.0.1', () => {
      process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${server.address().port}`
      done()
    })
  })
}
