/** The AWS APIs that Sekisho answers, one line each. */
export {}
