/** AWS's shared credentials and config files: which profiles, with which settings? */

/**
 * @returns  by section name as written (`default`, `profile NAME`); setting names as written
 * @see AWS CLI User Guide, "Configuration and credential file settings"
 */
export function parseProfiles(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const profiles = new Map<string, Map<string, string>>()
  let current: Map<string, string> | undefined
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(.+?)\s*\]/.exec(line)?.[1]
    if (section !== undefined) profiles.set(section, (current = new Map()))
    const [, name, value] = /^\s*([^#;=[\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name !== undefined) current?.set(name, value!)
  }
  return profiles
}
