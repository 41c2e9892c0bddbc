/** The process: settings, sockets, front door, wiring. */
export {}
