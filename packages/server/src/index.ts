/** The process: settings, sockets, front door, wiring. */
export { type Config, ConfigError, type ConfigSources, readConfig } from './config.ts'
export { environmentName, laterSettings, type SettingName, settings } from './config-settings.ts'
export type { Explanation, Note } from './operator/explain.ts'
export { restore } from './restore.ts'
export { serve } from './serve.ts'
export { type RunningServer, start } from './server.ts'
export type { DecisionRecord } from './trail/record.ts'
