/**
 * What a bootstrap and the server say to each other: frames over file descriptor 3. A byte on file descriptor 4 asks for
 * the events back whose turn has not come.
 */
const { Socket } = require('node:net')

/** The server's `frames.ts` has the same numbers. */
const INVOKE = 1
const [READY, INIT_ERROR, RESPONSE, ERROR, LOG, PIECE, TYPE, RETURNED, OVER] = [
  2, 3, 4, 5, 6, 7, 8, 9, 10,
]

const socket = new Socket({ fd: 3, readable: true, writable: true })

/** The event that is being run: whose its answer is, and since when. */
const running = { turn: 0, begunAt: 0 }

/** Events whose turn has not come: what is said of each, and its bytes. */
const waitingEvents = []

/**
 * @param body  text, or bytes
 * @param ofTurn  of an answer: whose it is
 * @returns whether more may follow at once
 */
function send(kind, body, ofTurn) {
  return write(kind, ofTurn === undefined ? [] : [ofTurn], body)
}

/** An answer, or the error object, and how long it took. */
function conclude(kind, body) {
  const tookMicros = Math.min((performance.now() - running.begunAt) * 1_000, 0xffff_ffff)
  write(kind, [running.turn, tookMicros], body)
}

function write(kind, numbers, body) {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  const isLarge = typeof body !== 'string' && length > 65536
  const head = 5 + 4 * numbers.length
  const frame = Buffer.allocUnsafe(isLarge ? head : head + length)
  frame.writeUInt32BE(head - 5 + length, 0)
  frame[4] = kind
  for (const [at, number] of numbers.entries()) frame.writeUInt32BE(number, 5 + 4 * at)
  if (isLarge) {
    socket.cork()
    socket.write(frame)
    const written = socket.write(body)
    socket.uncork()
    return written
  }
  if (typeof body === 'string') frame.write(body, head)
  else frame.set(body, head)
  return socket.write(frame)
}

/** @param onEvents  some wait */
function listen(onEvents) {
  // Chunks are put together once a whole frame is there, not one by one.
  let waiting = []
  let waitingBytes = 0
  let neededBytes = 5
  socket.on('data', (chunk) => {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes < neededBytes) return
    let bytes = waiting.length === 1 ? chunk : Buffer.concat(waiting)
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(0)) {
      const end = 5 + bytes.readUInt32BE(0)
      if (bytes[4] === INVOKE) {
        const contextEnd = 9 + bytes.readUInt32BE(5)
        const context = JSON.parse(bytes.toString('utf8', 9, contextEnd))
        waitingEvents.push({ context, event: bytes.subarray(contextEnd, end) })
      }
      bytes = bytes.subarray(end)
    }
    waiting = bytes.length === 0 ? [] : [bytes]
    waitingBytes = bytes.length
    neededBytes = bytes.length < 5 ? 5 : 5 + bytes.readUInt32BE(0)
    if (waitingEvents.length > 0) onEvents()
  })
  socket.on('close', () => process.exit(0))
  const bell = new Socket({ fd: 4, readable: true, writable: false })
  bell.unref()
  bell.on('data', () => {
    const ids = waitingEvents.splice(0).map(({ context }) => context.requestId)
    send(RETURNED, JSON.stringify(ids))
  })
}

module.exports = {
  conclude,
  ERROR,
  INIT_ERROR,
  LOG,
  listen,
  OVER,
  PIECE,
  READY,
  RESPONSE,
  running,
  send,
  socket,
  TYPE,
  waitingEvents,
}
