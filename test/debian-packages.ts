/** Which Debian packages do the tests need, and which are here? */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const table = JSON.parse(
  readFileSync(join(import.meta.dirname, 'debian-packages.json'), 'utf8'),
) as Readonly<Record<string, string>>

/**
 * For `test(name, needs('awscli'), …)`: a test is skipped by name and reason where a package is missing. Under
 * `CI=true` it is not: there it runs, and fails.
 */
export function needs(...packages: readonly string[]): { skip: string | false } {
  const missing = packages.filter((name) => !existsSync(table[name]!))
  const isStrict = process.env['CI'] === 'true'
  return { skip: missing.length > 0 && !isStrict && `needs ${missing.join(', ')} of Debian` }
}

/** The package's own program, whatever else of that name stands first on the PATH. */
export function programOf(packageName: string): string {
  return table[packageName]!
}

/** For tests that run functions. */
export const isolated =
  process.platform === 'linux' ? needs('bubblewrap') : { skip: 'needs Linux' as const }
