/** nginx with the same address list and the same answer, one worker. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Launch } from '../lib/processes.ts'

/**
 * `return` answers before `allow`/`deny` are asked, so the list stands in a `geo` block that `return` can read:
 * nginx's fastest way to refuse all but some addresses.
 */
export function nginx(port: number, cidrs: readonly string[], upstream: string): Launch {
  const prefix = mkdtempSync(join(tmpdir(), 'sekisho-bench-nginx-'))
  mkdirSync(join(prefix, 'logs'))
  const list = cidrs.map((cidr) => `    ${cidr} 1;`).join('\n')
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off;
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${prefix}/body;
  proxy_temp_path ${prefix}/proxy;
  fastcgi_temp_path ${prefix}/fastcgi;
  uwsgi_temp_path ${prefix}/uwsgi;
  scgi_temp_path ${prefix}/scgi;
  geo $allowed {
    default 0;
${list}
  }
  upstream origin { server ${new URL(upstream).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    if ($allowed = 0) { return 403; }
    location / { return 200 '{"hello":"world"}'; }
    location /proxy { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://origin/; }
  }
}
`,
  )
  return {
    command: 'nginx',
    args: ['-p', prefix, '-c', join(prefix, 'nginx.conf')],
    url: `http://127.0.0.1:${port}/`,
  }
}
