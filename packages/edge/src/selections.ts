/** Which of a viewer's query strings and cookies count? */
import type { Selection } from './snapshot.ts'

type Chooses = (name: string) => boolean

function chooserOf(selection: Selection): Chooses {
  if (selection.mode === 'none') return () => false
  if (selection.mode === 'all') return () => true
  const names = new Set(selection.names)
  return selection.mode === 'only' ? (name) => names.has(name) : (name) => !names.has(name)
}

/** Chooses what either chooses. */
export function eitherOf(one: Selection, other: Selection): Selection {
  if (one.mode === 'none') return other
  if (other.mode === 'none') return one
  if (one.mode === 'all' || other.mode === 'all') return { mode: 'all' }
  if (one.mode === 'only' && other.mode === 'only')
    return { mode: 'only', names: [...one.names, ...other.names] }
  const [first, second] = [chooserOf(one), chooserOf(other)]
  const names = new Set([...one.names, ...other.names])
  return { mode: 'except', names: [...names].filter((name) => !first(name) && !second(name)) }
}

/** In the viewer's order and spelling. */
export function chosenQuery(rawQuery: string, selection: Selection): string {
  if (rawQuery === '' || selection.mode === 'none') return ''
  if (selection.mode === 'all') return rawQuery
  const chooses = chooserOf(selection)
  return rawQuery
    .split('&')
    .filter((pair) => chooses(decoded(pair.split('=', 1)[0]!)))
    .join('&')
}

/** @param cookies  all that the viewer sent, `a=1; b=2` */
export function chosenCookies(cookies: string | undefined, selection: Selection): string {
  if (cookies === undefined || selection.mode === 'none') return ''
  if (selection.mode === 'all') return cookies
  const chooses = chooserOf(selection)
  return cookies
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && chooses(pair.split('=', 1)[0]!.trim()))
    .join('; ')
}

function decoded(name: string): string {
  if (!name.includes('%') && !name.includes('+')) return name
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
