/** What all configurations of nginx have in common: one worker, no access log, a folder of its own. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Launch } from '../lib/processes.ts'

export function nginxFolder(): string {
  const prefix = mkdtempSync(join(tmpdir(), 'sekisho-bench-nginx-'))
  mkdirSync(join(prefix, 'logs'))
  // Started by root, its workers are nobody.
  chmodSync(prefix, 0o755)
  return prefix
}

/**
 * @param http  what stands in `http`, beside what is common
 * @param top  what stands before that
 */
export function launchNginx(prefix: string, port: number, http: string, top = ''): Launch {
  const file = join(prefix, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
${top}
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
${http}
}
`,
  )
  return { command: 'nginx', args: ['-p', prefix, '-c', file], url: `http://127.0.0.1:${port}/` }
}
