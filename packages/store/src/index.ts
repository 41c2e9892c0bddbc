/** Where state lives: four small ports, several engines. */
export { backupFolder, RestoreError, restoreFolder, sweepBackups } from './backup.ts'
export { FormatError, formatVersion } from './engines/sqlite-format.ts'
export { LockedError, lockFolder } from './lock.ts'
export { openStore, StoreUrlError } from './open.ts'
export { ConflictError, LimitError } from './optimistic.ts'
export type * from './store.ts'
export { CountersError } from './store.ts'
