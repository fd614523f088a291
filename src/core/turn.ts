/** Between two pieces of work that keep the processor busy: what has come meanwhile from a host or a program goes first. */
export const inTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
