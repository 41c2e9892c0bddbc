/** The platform's own floor: `node:http` with a static answer and nothing decided. */
import { createServer } from 'node:http'

const body = '{"hello":"world"}'
createServer((_request, response) => {
  response.writeHead(200, [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
  ])
  response.end(body)
}).listen(Number(process.argv[2]), '127.0.0.1')
