/** Durable writes: one writer against the device's own floor, and many writers that share commits. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sekisho/store'
import { figure, type Section } from './lib/report.ts'
import { median, type RoundOptions } from './lib/rounds.ts'

const writesPerRound = 400
const manyWriters = 64

export async function store({ rounds }: RoundOptions): Promise<readonly Section[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bench-store-'))
  await using opened = await openStore(`sqlite:${folder}`)
  const { documents } = opened
  let count = 0
  const write = () =>
    documents.transact((transaction) =>
      transaction.put('bench', `key ${count % 1_000}`, { count: count++ }),
    )
  const floors: number[] = []
  const singles: number[] = []
  const many: number[] = []
  for (let round = 0; round < rounds; round++) {
    floors.push(floorMicros(folder))
    const begun = performance.now()
    for (let n = 0; n < writesPerRound; n++) await write()
    singles.push(((performance.now() - begun) * 1000) / writesPerRound)
    many.push(await writesPerSecond(write))
  }
  const [floor, single, perSecond] = [median(floors), median(singles), median(many)]
  return [
    {
      title: 'Durable writes',
      intro:
        'Every write is acknowledged after its commit is on disk. The floor is a 4 KiB write and fdatasync on the same device.',
      head: ['', 'figure'],
      rows: [
        ['device floor', `${figure(floor)} µs`],
        ['one writer', `${figure(single)} µs a write`],
        [`${manyWriters} writers`, `${figure(perSecond)} writes/s`],
      ],
      goals: [
        {
          what: 'one writer against the floor',
          measured: single / floor,
          must: 1.5,
          better: 'lower',
          unit: '×',
        },
        {
          what: `${manyWriters} writers`,
          measured: perSecond,
          must: 40_000,
          better: 'higher',
          unit: 'writes/s',
        },
      ],
    },
  ]
}

function floorMicros(folder: string): number {
  const file = openSync(join(folder, 'floor'), 'w')
  const block = Buffer.alloc(4_096, 1)
  const begun = performance.now()
  for (let n = 0; n < writesPerRound; n++) {
    writeSync(file, block)
    fdatasyncSync(file)
  }
  const micros = ((performance.now() - begun) * 1000) / writesPerRound
  closeSync(file)
  return micros
}

async function writesPerSecond(write: () => Promise<void>): Promise<number> {
  const until = performance.now() + 1_000
  let written = 0
  const writer = async () => {
    while (performance.now() < until) {
      await write()
      written++
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: manyWriters }, writer))
  return written / ((performance.now() - begun) / 1000)
}
