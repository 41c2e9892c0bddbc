/** Caches beside a distribution: nginx's `proxy_cache`, and Varnish where it is installed. One worker each. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Launch } from '../lib/processes.ts'

/** An origin with the bodies that are asked for: `/1` of 1 KiB, `/100` of 100 KiB, kept for a day. */
export function origin(port: number): Launch {
  const prefix = mkdtempSync(join(tmpdir(), 'sekisho-bench-origin-'))
  mkdirSync(join(prefix, 'logs'))
  // Started by root, its workers are nobody.
  chmodSync(prefix, 0o755)
  for (const kib of [1, 100]) writeFileSync(join(prefix, String(kib)), 'x'.repeat(kib * 1_024))
  return conf(
    prefix,
    port,
    `  server {
    listen 127.0.0.1:${port};
    root ${prefix};
    default_type application/octet-stream;
    location / { add_header Cache-Control "max-age=86400"; }
    location /fresh { alias ${prefix}/1; add_header Cache-Control "no-store"; }
  }`,
  )
}

/** `/1` and `/100` from the cache, `/fresh` passed on. */
export function nginxCache(port: number, upstream: string): Launch {
  const prefix = mkdtempSync(join(tmpdir(), 'sekisho-bench-cache-'))
  chmodSync(prefix, 0o755)
  mkdirSync(join(prefix, 'logs'))
  return conf(
    prefix,
    port,
    `  proxy_cache_path ${prefix}/cache keys_zone=edge:10m;
  upstream origin { server ${new URL(upstream).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location / { proxy_cache edge; add_header X-Cache $upstream_cache_status; proxy_pass http://origin; }
    location /fresh { proxy_pass http://origin; }
  }`,
  )
}

function conf(prefix: string, port: number, http: string): Launch {
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off;
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_body_temp_path ${prefix}/body;
  proxy_temp_path ${prefix}/proxy;
  fastcgi_temp_path ${prefix}/fastcgi;
  uwsgi_temp_path ${prefix}/uwsgi;
  scgi_temp_path ${prefix}/scgi;
${http}
}
`,
  )
  return {
    command: 'nginx',
    args: ['-p', prefix, '-c', join(prefix, 'nginx.conf')],
    url: `http://127.0.0.1:${port}/`,
  }
}

export function varnish(port: number, upstream: string): Launch {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bench-varnish-'))
  const { hostname, port: upstreamPort } = new URL(upstream)
  writeFileSync(
    join(folder, 'default.vcl'),
    `vcl 4.0;
backend default { .host = "${hostname}"; .port = "${upstreamPort}"; }
`,
  )
  return {
    command: 'varnishd',
    args: [
      // Started by root, it would become somebody who may not read the folder.
      ...[
        '-j',
        'none',
        '-F',
        '-n',
        folder,
        '-a',
        `127.0.0.1:${port}`,
        '-f',
        join(folder, 'default.vcl'),
      ],
      ...['-s', 'malloc,64m'],
    ],
    url: `http://127.0.0.1:${port}/1`,
  }
}
