/** What a file holds makes no sense. The message holds no secret; of those that read texts it is the end of a sentence that begins with the file. */
export class StateError extends Error {
  override readonly name = "StateError";
}

/** A field in a message: by its name where that is a plain word. A quote too many makes a field of any text of the file, the secret too. */
export function namedField(key: string): string {
  return /^[a-z]{1,12}$/.test(key) ? `field ${JSON.stringify(key)}` : "field of another name";
}
