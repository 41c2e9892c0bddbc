/** In which language does the user read? */
import { type Language, languages } from '@sekisho/policy'
import type { Variables } from './environment.ts'
import { usageError } from './exit-codes.ts'
import { en } from './messages/en.ts'
import { ja } from './messages/ja.ts'
import type { Messages } from './messages/messages.ts'

export const messages = { en, ja } as const satisfies Record<Language, Messages>

/** `--lang`, then the locale's variables in POSIX's order, then English. */
export function chooseLanguage(given: string | undefined, variables: Variables): Language {
  if (given !== undefined) {
    if (isLanguage(given)) return given
    const known = Object.keys(languages).join(', ')
    throw usageError(`no explanations in \`${given}\`; there are: ${known}`)
  }
  const locale = variables['LC_ALL'] || variables['LC_MESSAGES'] || variables['LANG'] || 'en'
  const [word = 'en'] = locale.toLowerCase().split(/[_.@-]/)
  return isLanguage(word) ? word : 'en'
}

function isLanguage(word: string): word is Language {
  return Object.hasOwn(languages, word)
}
