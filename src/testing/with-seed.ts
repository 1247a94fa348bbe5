/** The same error, saying under which seed it happened and when. What is no error, or can't be changed, becomes the cause of one. */
export function withSeed(error: unknown, seed: number, atMs: number): unknown {
  const where = `(seed ${seed}, after ${(atMs / 1_000).toFixed(3)} simulated seconds; simulate({ seed: ${seed}, onEvent: console.log, ... }) shows the same again)`;
  if (error instanceof Error && Object.isExtensible(error)) {
    const { message, stack } = error;
    try {
      error.message = `${message}\n${where}`;
      // The stack holds the message as it was when the error was made.
      if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
      return error;
    } catch {
      // Read-only properties: as for a frozen one.
    }
  }
  const text = error instanceof Error ? error.message : String(error);
  return new Error(`${text}\n${where}`, { cause: error });
}
