/** Colours, on terminals that want them. */
import { styleText } from 'node:util'
import type { Environment } from './environment.ts'

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold'

export function paint(text: string, colour: Colour, { hasColours }: Environment): string {
  return hasColours ? styleText(colour, text, { validateStream: false }) : text
}
