/** What a state file holds makes no sense. The message is the end of a sentence that begins with the file; it holds no secret. */
export class StateError extends Error {
  override readonly name = "StateError";
}
