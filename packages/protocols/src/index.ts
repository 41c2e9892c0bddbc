/** AWS's wire formats to and from typed operations, driven by the SDK clients' own schemas. */
export {}
