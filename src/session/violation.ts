/** The peer broke a rule: the session ends as "protocol", and the message, which says what, is told to the peer. Handlers of messages may throw it too. */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
}
