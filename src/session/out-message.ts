/**
 * Which queue a message waits in: `control` goes before everything; `call` messages are independent of each other, channel by channel;
 * `send` messages keep their order among themselves whatever their channel and size.
 */
export type Lane = "control" | "call" | "send";

/**
 * `new`: not pushed yet. `queued`: no byte of it is in the stream. `partly`: a big one of which some fragments are in the stream; the peer can't have
 * handled it. `committed`: all of it is in the stream of the current session, up to `endOffset`. `withdrawn`: taken back; the peer never gets it whole.
 */
export type OutState = "new" | "queued" | "partly" | "committed" | "withdrawn";

/** A message on its way out. Made by the caller, pushed once; from then on its fields are the outbox's to change and the caller's to read. */
export class OutMessage {
  /** 0x10 to 0x7f; the lower ones are the session's own. */
  readonly kind: number;
  /** u32. Messages of one channel and lane never overtake each other. */
  readonly channel: number;
  readonly lane: Lane;
  /** The outbox's from `push` on: do not change its bytes. Becomes empty when the message is committed, so that who keeps the message does not keep the bytes. */
  payload: Uint8Array;
  state: OutState = "new";
  /** Once committed: the offset in the session's stream just behind its last byte. Compare with {@link SessionEnd.peerReceived}. */
  endOffset = -1;

  /** The scheduler's own. */
  next: OutMessage | undefined = undefined;
  previous: OutMessage | undefined = undefined;
  sentBytes = 0;
  creditBytes = 0;
  number = -1;

  constructor(kind: number, channel: number, payload: Uint8Array, lane: Lane) {
    this.kind = kind;
    this.channel = channel;
    this.payload = payload;
    this.lane = lane;
  }
}
