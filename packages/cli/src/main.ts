/** The `sekisho` command. */
export {}
