/** nginx with the same address list and the same answer. */
import type { Launch } from '../lib/processes.ts'
import { launchNginx, nginxFolder } from './nginx-launch.ts'

/**
 * `return` answers before `allow`/`deny` are asked, so the list stands in a `geo` block that `return` can read:
 * nginx's fastest way to refuse all but some addresses.
 */
export function nginx(port: number, cidrs: readonly string[], upstream: string): Launch {
  const list = cidrs.map((cidr) => `    ${cidr} 1;`).join('\n')
  return launchNginx(
    nginxFolder(),
    port,
    `  geo $allowed {
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
  }`,
  )
}
