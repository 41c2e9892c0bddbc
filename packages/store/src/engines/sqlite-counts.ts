/** Counts in the SQLite file, beside the records. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CountDisk, SavedCount } from '../counts.ts'
import type { Counted } from '../store.ts'

/** Longer than anybody may look back at. */
const keptMs = 400 * 86_400_000

export class SqliteCounts implements CountDisk {
  readonly #database: DatabaseSync
  readonly #statements: Record<'load' | 'loadAll' | 'save' | 'forget', StatementSync>

  /** @param nowMs  what was saved long before then is forgotten */
  constructor(database: DatabaseSync, nowMs: number) {
    this.#database = database
    this.#statements = {
      load: database.prepare('SELECT value FROM counts WHERE name = ? AND period = ?'),
      loadAll: database.prepare('SELECT period, value FROM counts WHERE name = ?'),
      save: database.prepare(
        'INSERT INTO counts (name, period, value, savedAt) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, savedAt = excluded.savedAt',
      ),
      forget: database.prepare('DELETE FROM counts WHERE substr(name, 1, length(?1)) = ?1'),
    }
    database.prepare('DELETE FROM counts WHERE savedAt < ?').run(nowMs - keptMs)
  }

  load(count: string, period: string): number {
    const row = this.#statements.load.get(count, period) as { value: number } | undefined
    return row?.value ?? 0
  }

  loadAll(count: string): readonly Counted[] {
    const rows = this.#statements.loadAll.all(count) as { period: string; value: number }[]
    return rows.map(({ period, value }) => [period, value])
  }

  save(rows: readonly SavedCount[]): void {
    const savedAt = Date.now()
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const { count, period, value } of rows)
        this.#statements.save.run(count, period, value, savedAt)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  forget(prefix: string): void {
    this.#statements.forget.run(prefix)
  }
}
