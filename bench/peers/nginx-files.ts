/** nginx serving files, and taking them by PUT (WebDAV). */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Launch } from '../lib/processes.ts'
import { launchNginx, nginxFolder } from './nginx-launch.ts'

export function nginxFiles(port: number): Launch & { readonly root: string } {
  const prefix = nginxFolder()
  const root = join(prefix, 'files')
  for (const name of ['files', 'body']) mkdirSync(join(prefix, name))
  const launch = launchNginx(
    prefix,
    port,
    `  sendfile on;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    dav_methods PUT;
  }`,
    'user root;',
  )
  return { ...launch, root }
}
