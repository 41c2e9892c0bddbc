/** Archives of code to folders of code, once each, and never outside of their folder. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { type CodeArchive, RunnerError } from '@sekisho/services'
import type { Blobs } from '@sekisho/store'
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'
import { isLeftBehind, passingName } from './passing-folders.ts'

/** @see Lambda Developer Guide, "Lambda quotas" */
const mostBytes = 250 * 1024 * 1024
const mostEntries = 100_000
const longestLink = 4_096

const fromBuffer_ = promisify<Buffer, object, ZipFile>(fromBuffer)

interface Visit {
  readonly folder: (name: string) => Promise<void>
  readonly file: (name: string, mode: number, content: () => Promise<Readable>) => Promise<void>
  readonly link: (name: string, target: string) => Promise<void>
}

/**
 * Reads every entry of an archive, in order.
 *
 * @returns how many bytes it unpacks to, as its own directory says
 * @throws RunnerError INVALID_CODE
 */
export async function walk(archive: Uint8Array, visit?: Visit): Promise<number> {
  let zip: ZipFile
  try {
    // Names with `..`, absolute ones and those with backslashes are refused by yauzl itself.
    zip = await fromBuffer_(Buffer.from(archive.buffer, archive.byteOffset, archive.length), {
      lazyEntries: true,
      strictFileNames: true,
    })
  } catch (error) {
    throw invalid(
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
      error,
    )
  }
  if (zip.entryCount > mostEntries)
    throw invalid(`the archive has more than ${mostEntries} entries`)
  return new Promise((resolve, reject) => {
    let total = 0
    const fail = (error: unknown) => {
      zip.close()
      reject(error instanceof RunnerError ? error : invalid(whyUnreadable(error), error))
    }
    zip.on('error', fail)
    zip.on('end', () => resolve(total))
    zip.on('entry', (entry: Entry) => {
      total += entry.uncompressedSize
      if (total > mostBytes) {
        fail(invalid(`Unzipped size must be smaller than ${mostBytes} bytes`))
        return
      }
      const done = visit ? enter(zip, entry, visit) : Promise.resolve()
      done.then(() => zip.readEntry(), fail)
    })
    zip.readEntry()
  })
}

/** The upper half of what Unix archives say of a file: its mode. */
const isLink = 0o120000
const kindMask = 0o170000

async function enter(zip: ZipFile, entry: Entry, visit: Visit): Promise<void> {
  const name = entry.fileName
  const mode = entry.externalFileAttributes >>> 16
  const content = () => promisify(zip.openReadStream.bind(zip))(entry) as Promise<Readable>
  if (name.endsWith('/')) return visit.folder(name)
  if ((mode & kindMask) !== isLink) return visit.file(name, mode & 0o777, content)
  if (entry.uncompressedSize > longestLink) throw invalid(`the link \`${name}\` is too long`)
  const pieces: Buffer[] = []
  for await (const piece of await content()) pieces.push(piece as Buffer)
  const target = Buffer.concat(pieces).toString('utf8')
  const leadsTo = posix.normalize(posix.join(posix.dirname(name), target))
  if (posix.isAbsolute(target) || leadsTo === '..' || leadsTo.startsWith('../'))
    throw invalid(`the link \`${name}\` leaves the package`)
  return visit.link(name, target)
}

/** With what yauzl says of it: the name that leaves the package, or what is broken. */
function whyUnreadable(error: unknown): string {
  const why = error instanceof Error ? error.message : ''
  return `the archive cannot be read${why && `: ${why}`}`
}

function invalid(message: string, cause?: unknown): RunnerError {
  return new RunnerError('INVALID_CODE', message, { cause })
}

/** Folders of unpacked code, made when they are first needed; those long unused go. */
export class Packages {
  readonly #folder: string
  readonly #blobs: Pick<Blobs, 'get'>
  readonly #making = new Map<string, Promise<string>>()

  constructor(folder: string, blobs: Pick<Blobs, 'get'>) {
    this.#folder = folder
    this.#blobs = blobs
  }

  /** The folder with these archives' files, later ones over earlier ones. @throws RunnerError INVALID_CODE */
  folderOf(archives: readonly CodeArchive[]): Promise<string> {
    const name = createHash('sha256')
      .update(archives.map(({ sha256 }) => sha256).join('\n'))
      .digest('hex')
    let made = this.#making.get(name)
    if (made === undefined) {
      made = this.#make(join(this.#folder, name), archives)
      this.#making.set(name, made)
      made.catch(() => this.#making.delete(name))
    }
    return made
  }

  /** Removes folders that nobody has asked for since `beforeMs`, and what a crash left. */
  async sweep(beforeMs: number): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name)
      // Another process may have taken it away.
      const found = await stat(path).catch(() => undefined)
      const isOld = found !== undefined && found.mtimeMs < beforeMs
      if (isLeftBehind(name) || (isOld && !this.#making.has(name)))
        await rm(path, { recursive: true, force: true })
    }
  }

  async #make(folder: string, archives: readonly CodeArchive[]): Promise<string> {
    const isThere = await stat(folder).catch(() => undefined)
    if (isThere) {
      const now = new Date()
      await utimes(folder, now, now)
      return folder
    }
    const unfinished = join(this.#folder, passingName('unfinished'))
    await mkdir(unfinished, { recursive: true })
    try {
      for (const archive of archives) await unpack(await this.#read(archive), unfinished)
      // Isolated functions run as somebody else.
      await chmod(unfinished, 0o755)
      await rename(unfinished, folder)
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true })
      if (!(await stat(folder).catch(() => undefined))) throw error
    }
    return folder
  }

  async #read({ blob, sha256 }: CodeArchive): Promise<Buffer> {
    const content = await this.#blobs.get(blob)
    if (content === undefined) throw invalid('the code is not there any more')
    const pieces: Uint8Array[] = []
    for await (const piece of content) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw invalid('the stored code is not what was uploaded')
    return bytes
  }
}

async function unpack(archive: Buffer, folder: string): Promise<void> {
  const links: (readonly [name: string, target: string])[] = []
  await walk(archive, {
    folder: (name) => realFolder(folder, name),
    file: async (name, mode, content) => {
      await realFolder(folder, posix.dirname(name))
      const path = join(folder, name)
      await rm(path, { force: true })
      await pipeline(await content(), createWriteStream(path, { mode: 0o644 }))
      await chmod(path, mode & 0o111 ? 0o755 : 0o644)
    },
    link: async (name, target) => {
      links.push([name, target])
    },
  })
  for (const [name, target] of links) {
    await realFolder(folder, posix.dirname(name))
    const path = join(folder, name)
    await rm(path, { force: true })
    await symlink(target, path)
  }
}

/** Makes a folder and those above it. Nothing is ever put where a link leads: two links together could lead out. */
async function realFolder(root: string, name: string): Promise<void> {
  let path = root
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    path = join(path, part)
    const present = await lstat(path).catch(() => undefined)
    if (present === undefined) await mkdir(path, { mode: 0o755 })
    else if (!present.isDirectory()) throw invalid(`\`${name}\` leads through what is no folder`)
  }
}
