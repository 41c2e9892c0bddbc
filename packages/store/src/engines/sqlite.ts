/** State in one SQLite file and a folder of blobs: the embedded engine. */
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Listeners } from '../changes.ts'
import { LocalCounters } from '../counters.ts'
import { frozen } from '../frozen.ts'
import { attempt, fingerprintOf, type Proposal } from '../optimistic.ts'
import type { Change, Documents, Range, Store, Stored, Transaction } from '../store.ts'
import { Bell } from './bell.ts'
import { BlobFolder, type BlobIndex } from './blob-folder.ts'
import { Recent } from './recent.ts'
import { SqliteCounts } from './sqlite-counts.ts'
import { migrate } from './sqlite-format.ts'

/**
 * Opens (or makes) `folder/state.db` and `folder/blobs`. Several processes may have it open; each hears of the others' changes.
 *
 * @throws FormatError  the file was written by a newer version
 */
export async function openSqlite(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'state.db')
  const database = new DatabaseSync(path, { timeout: 10_000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF')
  migrate(database, folder)
  chmodSync(path, 0o600)
  const changes = new Listeners()
  const documents = new SqliteDocuments(database, join(folder, 'state.bell'), changes)
  const blobs = await BlobFolder.open(join(folder, 'blobs'), documents.blobIndex())
  const counters = new LocalCounters(new SqliteCounts(database, Date.now()))
  return {
    documents,
    blobs,
    counters,
    changes,
    async [Symbol.asyncDispose]() {
      counters.close()
      await blobs[Symbol.asyncDispose]()
      await documents.close()
    },
  }
}

/** The index of blobs is no collection of anybody's. */
const blobCollection = 'blobs'

interface BlobRow {
  readonly file: string
}

interface Row {
  readonly key: string
  readonly value: string
  readonly revision: number
}

/** A transaction that waits for the commit of its group. */
interface Waiting {
  readonly proposal: Proposal
  readonly resolve: (isAccepted: boolean) => void
  readonly reject: (error: unknown) => void
}

class SqliteDocuments implements Documents {
  readonly #database: DatabaseSync
  readonly #changes: Listeners
  readonly #statements: Record<
    | 'get'
    | 'revision'
    | 'put'
    | 'delete'
    | 'nextRevision'
    | 'note'
    | 'noted'
    | 'forget'
    | 'dataVersion'
    | 'lastRevision',
    StatementSync
  >
  readonly #lists = new Map<string, StatementSync>()
  readonly #recent = new Recent()
  /** The others' commits were looked for in this turn of the event loop: nothing that is answered now can be after them. */
  #isCaughtUp = false
  readonly #bell: Bell
  #group: Waiting[] = []
  #committing: Promise<void> | undefined
  #heard: number
  #dataVersion: number
  #isClosed = false

  constructor(database: DatabaseSync, bell: string, changes: Listeners) {
    this.#database = database
    this.#changes = changes
    this.#statements = {
      get: database.prepare(
        'SELECT key, value, revision FROM records WHERE collection = ? AND key = ?',
      ),
      revision: database.prepare('SELECT revision FROM records WHERE collection = ? AND key = ?'),
      put: database.prepare(
        'INSERT INTO records (collection, key, value, revision) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, revision = excluded.revision',
      ),
      delete: database.prepare('DELETE FROM records WHERE collection = ? AND key = ?'),
      nextRevision: database.prepare('UPDATE revisions SET last = last + 1 RETURNING last'),
      note: database.prepare('INSERT INTO changes (revision, collection, key) VALUES (?, ?, ?)'),
      noted: database.prepare(
        'SELECT revision, collection, key FROM changes WHERE revision > ? ORDER BY revision',
      ),
      forget: database.prepare('DELETE FROM changes WHERE revision < ?'),
      dataVersion: database.prepare('PRAGMA data_version'),
      lastRevision: database.prepare('SELECT last FROM revisions'),
    }
    this.#heard = this.#lastRevision()
    this.#dataVersion = this.#readDataVersion()
    changes.catchUp = () => this.#hearOthers()
    this.#bell = new Bell(bell, changes.catchUp)
  }

  async get<T>(collection: string, key: string): Promise<Stored<T> | undefined> {
    this.#catchUp()
    const recent = this.#recent.get(collection, key)
    if (recent !== undefined) return recent as Stored<T>
    const row = this.#statements.get.get(collection, key) as Row | undefined
    if (row === undefined) return undefined
    const stored = frozen(storedOf<T>(row))
    this.#recent.keep(collection, stored, row.value.length)
    return stored
  }

  async list<T>(collection: string, range: Range = {}): Promise<readonly Stored<T>[]> {
    return this.#rows(collection, range).map((row) => storedOf<T>(row))
  }

  async collections(): Promise<readonly string[]> {
    const sql = 'SELECT DISTINCT collection FROM records WHERE collection <> ? ORDER BY collection'
    const rows = this.#database.prepare(sql).all(blobCollection) as { collection: string }[]
    return rows.map(({ collection }) => collection)
  }

  transact<R>(work: (transaction: Transaction) => Promise<R> | R): Promise<R> {
    return attempt(this, (proposal) => this.#join(proposal), work)
  }

  /** Blobs' names are records too, in a collection of their own. */
  blobIndex(): BlobIndex {
    const collection = blobCollection
    return {
      names: (prefix) => this.#rows(collection, { prefix }).map(({ key }) => key),
      file: (name) => {
        const row = this.#statements.get.get(collection, name) as Row | undefined
        return row && (JSON.parse(row.value) as BlobRow).file
      },
      held: (files) => this.#held(files),
      set: (name, file, beside) =>
        this.transact(async (transaction) => {
          const before = await transaction.get<BlobRow>(collection, name)
          transaction.put(collection, name, { file } satisfies BlobRow)
          beside?.(transaction)
          return before?.value.file
        }),
      delete: (name, beside) =>
        this.transact((transaction) => {
          transaction.delete(collection, name)
          beside?.(transaction)
        }),
    }
  }

  #held(files: readonly string[]): ReadonlySet<string> {
    if (files.length === 0) return new Set()
    const values = files.map((file) => JSON.stringify({ file } satisfies BlobRow))
    const sql =
      'SELECT value FROM records WHERE collection = ? AND value IN (SELECT value FROM json_each(?))'
    const rows = this.#database.prepare(sql).all(blobCollection, JSON.stringify(values))
    return new Set(rows.map(({ value }) => (JSON.parse(value as string) as BlobRow).file))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    while (this.#committing) await this.#committing
    this.#isClosed = true
    this.#bell[Symbol.dispose]()
    this.#database.close()
  }

  /** Everything that arrives in one turn of the event loop is one commit, and one wait for the disk. */
  #join(proposal: Proposal): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    this.#group.push({ proposal, resolve, reject })
    this.#committing ??= new Promise<void>((done) => {
      setImmediate(() => {
        this.#committing = undefined
        this.#commitGroup()
        done()
      })
    })
    return promise
  }

  #commitGroup(): void {
    const group = this.#group
    this.#group = []
    if (this.#isClosed) {
      for (const { reject } of group) reject(new Error('the store is closed'))
      return
    }
    let accepted: readonly boolean[]
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      // The others' writes first, while they can be told from ours.
      this.#hearOthers()
      accepted = group.map(({ proposal }) => this.#apply(proposal))
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      for (const { reject } of group) reject(error)
      return
    }
    this.#heard = this.#lastRevision()
    this.#dataVersion = this.#readDataVersion()
    const told = group
      .filter((_, index) => accepted[index])
      .flatMap(({ proposal }) => proposal.writes)
    if (told.length > 0) {
      for (const { collection, key } of told) this.#recent.forget(collection, key)
      this.#bell.ring()
      this.#changes.tell(told)
    }
    for (const [index, { resolve }] of group.entries()) resolve(accepted[index]!)
  }

  #apply({ records, ranges, writes }: Proposal): boolean {
    const isStale =
      records.some(
        ({ collection, key, revision }) => this.#revisionOf(collection, key) !== revision,
      ) ||
      ranges.some(
        ({ collection, range, fingerprint }) =>
          fingerprintOf(this.#rows(collection, range)) !== fingerprint,
      )
    if (isStale) return false
    for (const { collection, key, value } of writes) {
      const revision = (this.#statements.nextRevision.get() as { last: number }).last
      if (value === undefined) this.#statements.delete.run(collection, key)
      else this.#statements.put.run(collection, key, value, revision)
      this.#statements.note.run(revision, collection, key)
      // Processes that look every few milliseconds need no longer memory than this.
      if (revision % 1_000 === 0) this.#statements.forget.run(revision - 10_000)
    }
    return true
  }

  #revisionOf(collection: string, key: string): number {
    return (
      (this.#statements.revision.get(collection, key) as { revision: number } | undefined)
        ?.revision ?? 0
    )
  }

  /** Once a turn: whoever was told of a commit asks in a later one. */
  #catchUp(): void {
    if (this.#isCaughtUp) return
    this.#isCaughtUp = true
    setImmediate(() => (this.#isCaughtUp = false))
    this.#hearOthers()
  }

  #hearOthers(): void {
    if (this.#isClosed) return
    const dataVersion = this.#readDataVersion()
    if (dataVersion === this.#dataVersion) return
    this.#dataVersion = dataVersion
    const rows = this.#statements.noted.all(this.#heard) as unknown as (Change & {
      revision: number
    })[]
    if (rows.length === 0) return
    // What is older than the oldest note may be anything: all that is there, and all that was known here.
    const isMissing = rows[0]!.revision > this.#heard + 1
    const missed = isMissing ? [...this.#recent.names(), ...this.#all()] : []
    if (isMissing) this.#recent.forgetAll()
    for (const { collection, key } of rows) this.#recent.forget(collection, key)
    this.#heard = rows.at(-1)!.revision
    const told = rows.map(({ collection, key }) => ({ collection, key }))
    this.#changes.tell([...missed, ...told])
  }

  #all(): readonly Change[] {
    const sql = 'SELECT collection, key FROM records WHERE collection <> ?'
    return this.#database.prepare(sql).all(blobCollection) as unknown as Change[]
  }

  /** SQLite's own count of commits by other connections. */
  #readDataVersion(): number {
    return (this.#statements.dataVersion.get() as { data_version: number }).data_version
  }

  #lastRevision(): number {
    return (this.#statements.lastRevision.get() as { last: number }).last
  }

  #rows(
    collection: string,
    { prefix = '', after, before, limit = -1, isReversed }: Range,
  ): readonly Row[] {
    const uppers = [
      ...(prefix === '' ? [] : [upperBound(prefix)]),
      ...(before ? [Buffer.from(before)] : []),
    ]
    const sql = `SELECT key, value, revision FROM records WHERE collection = ? AND key >= ? AND key > ?${' AND key < CAST(? AS TEXT)'.repeat(uppers.length)} ORDER BY key${isReversed ? ' DESC' : ''} LIMIT ?`
    let statement = this.#lists.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#lists.set(sql, statement)
    }
    // No key is empty, so "after nothing" is everything.
    return statement.all(collection, prefix, after ?? '', ...uppers, limit) as unknown as Row[]
  }
}

/** Follows all that begins with `prefix`, in byte order: no text has such a byte. */
function upperBound(prefix: string): Uint8Array {
  return Buffer.concat([Buffer.from(prefix), Buffer.from([0xff])])
}

function storedOf<T>({ key, value, revision }: Row): Stored<T> {
  return { key, value: JSON.parse(value) as T, revision }
}
