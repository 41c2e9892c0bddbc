/** Where state lives: four small ports, several engines. */
export type * from './store.ts'
