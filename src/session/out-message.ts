import { MORE } from "./frames.ts";
import type { MessageList } from "./message-list.ts";

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
  /** u32: whose message it is, as the user of the session counts. */
  readonly channel: number;
  readonly lane: Lane;
  /** The outbox's from `push` on, buffer and all: its memory is freed when the peer has it. Becomes empty when the message is committed, so that who keeps the message does not keep the bytes. */
  payload: Uint8Array;
  state: OutState = "new";
  /** Once committed: the offset in the session's stream just behind its last byte. Compare with {@link SessionEnd.peerReceived}. */
  endOffset = -1;

  /**
   * Messages of one lane and flow never overtake each other; others may. By default it stands for the kind and the channel; whoever needs an order among several of those
   * gives them a flow of their own, 2^39 or above. In the lanes `control` and `send` it means nothing: they keep their order as a whole.
   */
  readonly flow: number;

  /** What follows is the outbox's alone. */
  list: MessageList | undefined = undefined;
  next: OutMessage | undefined = undefined;
  previous: OutMessage | undefined = undefined;
  /** The how-manieth it is: of all that were pushed, of all that came into its list. */
  pushed = 0;
  serial = 0;
  /** Of a big one: its number in the stream, or -1; how much of it is committed; how much may be. */
  number = -1;
  sentBytes = 0;
  creditBytes = 0;

  constructor(kind: number, channel: number, payload: Uint8Array, lane: Lane, flow: number = channel * MORE + kind) {
    this.kind = kind;
    this.channel = channel;
    this.payload = payload;
    this.lane = lane;
    this.flow = flow;
  }
}
