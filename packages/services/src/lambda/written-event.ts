/** An event that this server wrote itself, as JSON.stringify does: nobody has to read it to know that it is JSON. */
export class WrittenEvent {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
