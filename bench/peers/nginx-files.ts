/** nginx serving files, and taking them by PUT (WebDAV), one worker. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Launch } from '../lib/processes.ts'

export function nginxFiles(port: number): Launch & { readonly root: string } {
  const prefix = mkdtempSync(join(tmpdir(), 'sekisho-bench-nginx-'))
  const root = join(prefix, 'files')
  for (const name of ['logs', 'files', 'body']) mkdirSync(join(prefix, name))
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off;
user root;
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 100000000;
  client_max_body_size 0;
  client_body_temp_path ${prefix}/body;
  proxy_temp_path ${prefix}/proxy;
  fastcgi_temp_path ${prefix}/fastcgi;
  uwsgi_temp_path ${prefix}/uwsgi;
  scgi_temp_path ${prefix}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    dav_methods PUT;
  }
}
`,
  )
  return {
    command: 'nginx',
    args: ['-p', prefix, '-c', join(prefix, 'nginx.conf')],
    url: `http://127.0.0.1:${port}/`,
    root,
  }
}
