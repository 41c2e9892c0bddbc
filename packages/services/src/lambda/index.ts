/** Lambda on one screen. */
import { defineService } from '../service.ts'
import { aliases } from './aliases.ts'
import { concurrency } from './concurrency.ts'
import { eventConfigs } from './event-configs.ts'
import { functions } from './functions.ts'
import { invoke } from './invoke.ts'
import { layerPermissions } from './layer-permissions.ts'
import { layers } from './layers.ts'
import { permissions } from './permissions.ts'
import { settings } from './settings.ts'
import { tags } from './tags.ts'
import { urls } from './urls.ts'
import { versions } from './versions.ts'

export const lambda = defineService('lambda', {
  sdk: () => import('@aws-sdk/client-lambda'),
  validation: { code: 'ValidationException', prefix: () => '' },
  operations: {
    ...functions,
    ...versions,
    ...aliases,
    ...layers,
    ...layerPermissions,
    ...permissions,
    ...concurrency,
    ...urls,
    ...settings,
    ...tags,
    ...invoke,
    ...eventConfigs,
  },
})
