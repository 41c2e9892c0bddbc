import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')

interface Room {
  readonly mayImport: readonly string[]
  readonly mayTouchTheWorld: boolean
}

interface Import {
  readonly from: string
  readonly isTypeOnly: boolean
}

interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string
  readonly room: string
  /** Without comments. */
  readonly code: string
  readonly imports: readonly Import[]
}

const rooms = readTable(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))
const files = globSync('packages/*/src/**/*.ts', { cwd: root })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => !/\.(test|fixture)\.ts$/.test(path) && !path.includes('/conformance/'))
  .map(readSource)

test('ARCHITECTURE.md names every package', () => {
  const packages = globSync('packages/*/package.json', { cwd: root }).map(
    (path) => path.split(sep)[1],
  )
  assert.deepEqual([...rooms.keys()].sort(), packages.sort())
})

test('packages import only what the table allows, and only through the front', () => {
  const wrong = files.flatMap((file) =>
    file.imports
      .filter(({ from }) => from === 'sekisho' || from.startsWith('@sekisho/'))
      .filter(
        ({ from }) => !rooms.get(file.room)!.mayImport.includes(from.replace('@sekisho/', '')),
      )
      .map(({ from }) => `${file.path} imports ${from}`),
  )
  assert.deepEqual(wrong, [])
})

test('no relative import leaves its package', () => {
  const wrong = relativeImports().filter(
    ({ file, target }) => !target.startsWith(`packages/${file.room}/src/`),
  )
  assert.deepEqual(
    wrong.map(({ file, target }) => `${file.path} imports ${target}`),
    [],
  )
})

test('services do not import services', () => {
  const shared = [
    'packages/services/src/cloudfront/vended.ts',
    'packages/services/src/iam/acting.ts',
    'packages/services/src/iam/principals.ts',
    'packages/services/src/iam/accounts.ts',
    'packages/services/src/iam/issue.ts',
    'packages/services/src/iam/organization.ts',
    'packages/services/src/iam/principal-ids.ts',
    'packages/services/src/iam/principal-keys.ts',
    'packages/services/src/iam/records.ts',
    'packages/services/src/iam/sessions.ts',
  ]
  const wrong = relativeImports().flatMap(({ file, target }) => {
    const [from, to] = [serviceOf(file.path), serviceOf(target)]
    const isForeign = from !== undefined && to !== undefined && from !== to && to !== 'timetable'
    return isForeign && !shared.includes(target) ? [`${file.path} imports ${target}`] : []
  })
  assert.deepEqual(wrong, [])
})

test("values of an SDK client are imported by protocols and a service's index alone", () => {
  const wrong = files.flatMap((file) =>
    file.imports
      .filter(({ from, isTypeOnly }) => from.startsWith('@aws-sdk/client-') && !isTypeOnly)
      .filter(
        () =>
          file.room !== 'protocols' &&
          !/^packages\/services\/src\/[^/]+\/index\.ts$/.test(file.path),
      )
      .map(({ from }) => `${file.path} imports ${from}`),
  )
  assert.deepEqual(wrong, [])
})

test('no circle of imports', () => {
  const edges = Map.groupBy(relativeImports(), ({ file }) => file.path)
  const state = new Map<string, 'open' | 'done'>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      return
    }
    state.set(path, 'open')
    for (const { target, isTypeOnly } of edges.get(path) ?? [])
      if (!isTypeOnly) visit(target, [...trail, path])
    state.set(path, 'done')
  }
  for (const { path } of files) visit(path, [])
  assert.deepEqual(circles, [])
})

/** What a room without a door to the outside may not say. */
const outside = [
  /\bprocess\./,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bperformance\./,
  /\brandomUUID\b/,
  /\brandomBytes\b/,
  /\bfetch\(/,
  /\bsetTimeout\(/,
] as const
const outsideModules = /^node:(?!crypto$|util$|url$|buffer$|string_decoder$|zlib$|net$)/

test('rooms without a door to the outside read no clock, environment, randomness or disk', () => {
  const wrong = files
    .filter(({ room }) => !rooms.get(room)!.mayTouchTheWorld)
    .flatMap(({ path, code, imports }) => [
      ...outside.filter((pattern) => pattern.test(code)).map((pattern) => `${path}: ${pattern}`),
      ...imports
        .filter(({ from, isTypeOnly }) => !isTypeOnly && outsideModules.test(from))
        .map(({ from }) => `${path}: ${from}`),
    ])
  assert.deepEqual(wrong, [])
})

test('the environment is read in one place of the server and one of the command', () => {
  const allowed = ['packages/server/src/config.ts', 'packages/cli/src/environment.ts']
  const wrong = files.filter(
    ({ path, code }) => /\bprocess\.env\b/.test(code) && !allowed.includes(path),
  )
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  )
})

test('policy and sigv4 depend on nothing', () => {
  for (const room of ['policy', 'sigv4']) {
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(root, `packages/${room}/package.json`), 'utf8'),
    )
    assert.deepEqual(dependencies, {}, room)
  }
})

function readTable(text: string): ReadonlyMap<string, Room> {
  const rows = text.matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \| (yes|no) \|$/gm)
  return new Map(
    [...rows].map(([, room, imports, world]) => [
      room!,
      {
        mayImport: [...imports!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
        mayTouchTheWorld: world === 'yes',
      },
    ]),
  )
}

function readSource(path: string): SourceFile {
  const code = withoutComments(readFileSync(join(root, path), 'utf8'))
  const statements = code.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?([^'"]*?\bfrom\s+)?['"]([^'"]+)['"]/gm,
  )
  const dynamic = code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return {
    path,
    room: path.split('/')[1]!,
    code,
    imports: [
      ...[...statements].map(([, type, names, from]) => ({
        from: from!,
        isTypeOnly: type !== undefined || bringsTypesOnly(names),
      })),
      ...[...dynamic].map(([, from]) => ({ from: from!, isTypeOnly: false })),
    ],
  }
}

/** `{ type A, type B } from` brings no value with it. */
function bringsTypesOnly(names: string | undefined): boolean {
  const inside = /^\{([^}]*)\}/.exec(names?.trim() ?? '')?.[1] ?? ''
  const members = inside
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return members.length > 0 && members.every((name) => name.startsWith('type '))
}

function relativeImports() {
  return files.flatMap((file) =>
    file.imports
      .filter(({ from }) => from.startsWith('.'))
      .map(({ from, isTypeOnly }) => ({
        file,
        isTypeOnly,
        target: relative(root, join(root, dirname(file.path), from))
          .split(sep)
          .join('/'),
      })),
  )
}

function serviceOf(path: string): string | undefined {
  return /^packages\/services\/src\/([^/]+)\//.exec(path)?.[1]
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
