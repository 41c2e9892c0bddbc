/** What did the client really send? Takes an S3 `aws-chunked` body apart and checks it piece by piece. */
import { createHash, type Hash } from 'node:crypto'
import { chunkStringToSign, trailerStringToSign } from './chunk-signature.ts'
import { limits } from './limits.ts'
import { emptySha256, isEqual } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import type { ChunkedPayload } from './verify.ts'

/** Reads an `aws-chunked` body as it arrives; holds at most one line of it. */
export interface ChunkDecoder {
  /**
   * Takes the next bytes of the wire and returns those of the object among them.
   * A chunk's signature is checked at its end, so what was returned counts only when `finish`
   * has returned: write it aside, and drop it when anything throws.
   *
   * @throws SignatureError  `chunkMismatch`, `malformedChunk`, `smallChunk`, `malformedTrailer`
   */
  push(bytes: Uint8Array): Uint8Array[]
  /**
   * The body has ended.
   *
   * @returns the trailers, names in lower case; their values (checksums) are the caller's to check.
   * @throws SignatureError  `malformedChunk`: it ended too early or has another length than announced.
   */
  finish(): ReadonlyMap<string, string>
}

/** All chunks but the last are at least this large. */
const smallestChunk = 8_192

/**
 * @param payload  what `verifySignature` returned for the request (`payload.chunks`).
 * @see Amazon S3 API Reference, "Signature calculations: transferring payload in multiple chunks"
 */
export function createChunkDecoder(payload: ChunkedPayload): ChunkDecoder {
  let state: 'size' | 'data' | 'dataEnd' | 'trailers' | 'done' = 'size'
  let line = ''
  let previous = payload.signed?.seedSignature ?? ''
  let claimed = ''
  let hash: Hash | undefined
  let left = 0
  let lastSize = smallestChunk
  let chunks = 0
  let decoded = 0
  const trailers = new Map<string, string>()

  /** Moves along the chain of signatures, or refuses. */
  function link(stringToSign: string, provided: string): void {
    if (!isEqual(payload.signed!.key.sign(stringToSign), provided)) {
      throw new SignatureError('chunkMismatch', { stringToSign, provided })
    }
    previous = provided
  }

  function isAsAnnounced(signature: string | undefined): boolean {
    return payload.isUnverified || (signature !== undefined) === (payload.signed !== undefined)
  }

  function endChunk(dataSha256: string): void {
    if (payload.signed === undefined) return
    link(chunkStringToSign({ ...payload.signed, previous }, dataSha256), claimed)
  }

  function readSize(text: string): void {
    const found = chunkHeader.exec(text)
    const size = Number.parseInt(found?.[1] ?? '', 16)
    const signature = found?.[2]
    if (Number.isNaN(size) || !isAsAnnounced(signature)) {
      throw malformed('a chunk does not begin with its size and signature')
    }
    claimed = signature ?? ''
    chunks++
    if (size === 0) {
      endChunk(emptySha256)
      state = 'trailers'
      return
    }
    if (lastSize < smallestChunk) {
      throw new SignatureError('smallChunk', { chunk: chunks - 1, sizeBytes: lastSize })
    }
    decoded += size
    if (decoded > payload.decodedLength) throw malformed('it is longer than announced')
    lastSize = size
    left = size
    hash = payload.signed && createHash('sha256')
    state = 'data'
  }

  function readTrailer(text: string): void {
    if (text === '') {
      endTrailers()
      return
    }
    const colon = text.indexOf(':')
    const name = text.slice(0, colon).trim().toLowerCase()
    if (colon < 1 || trailers.has(name) || trailers.size >= limits.trailers) {
      throw new SignatureError('malformedTrailer', { reason: 'a line is no `name:value`' })
    }
    if (!payload.hasTrailer) throw malformed('there is something after the last chunk')
    trailers.set(name, text.slice(colon + 1).trim())
  }

  function endTrailers(): void {
    if (payload.hasTrailer) {
      const signature = trailers.get('x-amz-trailer-signature')
      trailers.delete('x-amz-trailer-signature')
      const isAnnounced =
        trailers.size === payload.trailers.length &&
        payload.trailers.every((name) => trailers.has(name))
      if (!isAnnounced || !isAsAnnounced(signature)) {
        throw new SignatureError('malformedTrailer', {
          reason: 'the trailers are not those that were announced',
        })
      }
      if (payload.signed !== undefined) {
        let text = ''
        for (const [name, value] of trailers) text += `${name}:${value}\n`
        link(trailerStringToSign({ ...payload.signed, previous }, text), signature ?? '')
      }
    }
    state = 'done'
  }

  /** Takes bytes up to the end of a line; returns where to go on. */
  function readLine(bytes: Uint8Array, from: number): number {
    const lineFeed = bytes.indexOf(0x0a, from)
    const to = lineFeed < 0 ? bytes.length : lineFeed + 1
    if (line.length + to - from > limits.chunkLine) throw malformed('a line is too long')
    line += Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
    if (lineFeed < 0) return to
    if (!line.endsWith('\r\n')) throw malformed('a line does not end in CRLF')
    const text = line.slice(0, -2)
    line = ''
    if (state === 'size') readSize(text)
    else if (state === 'trailers') readTrailer(text)
    else if (text === '') state = 'size'
    else throw malformed('a chunk is longer than its size')
    return to
  }

  return {
    push(bytes) {
      const out: Uint8Array[] = []
      let at = 0
      while (at < bytes.length) {
        if (state === 'done') throw malformed('there is something after its end')
        if (state !== 'data') {
          at = readLine(bytes, at)
          continue
        }
        const piece = bytes.subarray(at, at + left)
        hash?.update(piece)
        out.push(piece)
        at += piece.length
        left -= piece.length
        if (left === 0) {
          endChunk(hash?.digest('hex') ?? '')
          state = 'dataEnd'
        }
      }
      return out
    },
    finish() {
      if (state !== 'done') throw malformed('it ends too early')
      if (decoded !== payload.decodedLength) throw malformed('it is shorter than announced')
      return trailers
    },
  }
}

const chunkHeader = /^([0-9A-Fa-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/

function malformed(reason: string): SignatureError {
  return new SignatureError('malformedChunk', { reason })
}
