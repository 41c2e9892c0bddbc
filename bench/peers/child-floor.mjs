/** The floor under functions: an HTTP server that hands each call to one warm child over a socket, and decides nothing. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

const handler = `
const { Socket } = require('node:net')
const socket = new Socket({ fd: 3, readable: true, writable: true })
const handle = async () => ({ statusCode: 200, body: '{"hello":"world"}' })
let rest = Buffer.alloc(0)
socket.on('data', async (chunk) => {
  rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const end = 4 + rest.readUInt32BE(0)
    const event = JSON.parse(rest.toString('utf8', 4, end))
    rest = rest.subarray(end)
    const text = JSON.stringify(await handle(event))
    const head = Buffer.alloc(4)
    head.writeUInt32BE(Buffer.byteLength(text))
    socket.write(Buffer.concat([head, Buffer.from(text)]))
  }
})`

const child = spawn(process.execPath, ['-e', handler], {
  stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
})
const socket = child.stdio[3]
const waiting = []
let current
let rest = Buffer.alloc(0)

function next() {
  current = waiting.shift()
  if (current === undefined) return
  const text = JSON.stringify({ path: current.url, httpMethod: 'GET', headers: current.headers })
  const head = Buffer.alloc(4)
  head.writeUInt32BE(Buffer.byteLength(text))
  socket.write(Buffer.concat([head, Buffer.from(text)]))
}

socket.on('data', (chunk) => {
  rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
  if (rest.length < 4 || rest.length < 4 + rest.readUInt32BE(0)) return
  const { body } = JSON.parse(rest.toString('utf8', 4, 4 + rest.readUInt32BE(0)))
  rest = rest.subarray(4 + rest.readUInt32BE(0))
  current.response.end(body)
  next()
})

createServer(({ url, headers }, response) => {
  waiting.push({ url, headers, response })
  if (current === undefined) next()
}).listen(Number(process.argv[2]), '127.0.0.1')
