/** `${stageVariables.name}` in addresses and roles: what has no value becomes nothing. */
export function fillStageVariables(
  text: string,
  variables: Readonly<Record<string, string>>,
): string {
  return text.replace(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (_, name: string) =>
    Object.hasOwn(variables, name) ? variables[name]! : '',
  )
}
