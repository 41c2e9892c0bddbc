/** Reaches the server from a network of its own: what comes to a port inside goes to the socket that leads outside. */
const { connect, createServer } = require('node:net')

const { SEKISHO_FORWARD_PORT: forwardPort, SEKISHO_FORWARD_SOCKET: path } = process.env
delete process.env.SEKISHO_FORWARD_PORT
delete process.env.SEKISHO_FORWARD_SOCKET
/** Zero is any port that is free in a network that others use as well. */
const ownsNetwork = forwardPort !== undefined && forwardPort !== '0'

/** A network of its own has no other addresses than this machine's, and Node takes long before it listens to a certain one. */
function listenInside(server, port, onListening) {
  server.listen(...(ownsNetwork ? [port] : [port, '127.0.0.1']), onListening)
}

function forward() {
  if (forwardPort === undefined) return Promise.resolve()
  return new Promise((done, fail) => {
    const server = createServer({ allowHalfOpen: true }, (from) => {
      const to = connect({ path, allowHalfOpen: true })
      from.pipe(to).pipe(from)
      from.on('error', () => to.destroy())
      to.on('error', () => from.destroy())
    })
    server.unref()
    server.once('error', fail)
    listenInside(server, Number(forwardPort), () => {
      process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${server.address().port}`
      done()
    })
  })
}

module.exports = { forward, listenInside }
