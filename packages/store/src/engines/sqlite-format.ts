/** Which form does a file of ours have, and how does an older one become today's? */
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

/** The file cannot be opened by this version of Sekisho. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
  readonly code = 'FORMAT'
}

/** Step n takes a file of version n to version n + 1. */
const migrations: readonly string[] = [
  `CREATE TABLE records (
     collection TEXT NOT NULL,
     key TEXT NOT NULL CHECK (key <> ''),
     value TEXT NOT NULL,
     revision INTEGER NOT NULL,
     PRIMARY KEY (collection, key)
   ) WITHOUT ROWID, STRICT;
   CREATE TABLE revisions (last INTEGER NOT NULL) STRICT;
   INSERT INTO revisions (last) VALUES (0);
   CREATE TABLE changes (revision INTEGER PRIMARY KEY, collection TEXT NOT NULL, key TEXT NOT NULL) STRICT;`,
  `CREATE TABLE counts (
     name TEXT NOT NULL,
     period TEXT NOT NULL,
     value INTEGER NOT NULL,
     savedAt INTEGER NOT NULL,
     PRIMARY KEY (name, period)
   ) WITHOUT ROWID, STRICT;`,
]

export const formatVersion = migrations.length

/** Brings the file to today's version in one transaction, after a copy of what there was. */
export function migrate(database: DatabaseSync, folder: string): void {
  const found = versionOf(database)
  if (found > formatVersion)
    throw new FormatError(
      `the data in \`${folder}\` has format ${found}; this version reads up to ${formatVersion}`,
    )
  if (found === formatVersion) return
  if (found > 0) keepCopy(database, folder, found)
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been faster.
    for (const step of migrations.slice(versionOf(database))) database.exec(step)
    database.exec(`PRAGMA user_version = ${formatVersion}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

export function versionOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}

function keepCopy(database: DatabaseSync, folder: string, version: number): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const copy = join(folder, `state.format-${version}.db`)
  if (!existsSync(copy)) copyFileSync(join(folder, 'state.db'), copy)
}
