/** Caches beside a distribution: nginx's `proxy_cache`, and Varnish where it is installed. One worker each. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Launch } from '../lib/processes.ts'
import { launchNginx, nginxFolder } from './nginx-launch.ts'

/** An origin with the bodies that are asked for: `/1` of 1 KiB, `/100` of 100 KiB, kept for a day. */
export function origin(port: number): Launch {
  const prefix = nginxFolder()
  for (const kib of [1, 100]) writeFileSync(join(prefix, String(kib)), 'x'.repeat(kib * 1_024))
  return launchNginx(
    prefix,
    port,
    `${sending}
  server {
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
  const prefix = nginxFolder()
  return launchNginx(
    prefix,
    port,
    `${sending}
  proxy_cache_path ${prefix}/cache keys_zone=edge:10m;
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

const sending = `  sendfile on;
  tcp_nopush on;`

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
