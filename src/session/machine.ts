import {
  ACK,
  ATTACH,
  DATA,
  dataHeader,
  END,
  END_BYTES,
  endFrame,
  MAX_DATA_BYTES,
  MAX_END_TEXT_BYTES,
  OFFSET_FRAME_BYTES,
  offsetFrame,
  readEndText,
  readU64,
} from "./frames.ts";
import type { SessionLimits } from "./limits.ts";
import { Retained } from "./retained.ts";

/**
 * Why a session ended. `done`: one side closed in order. `protocol`: one side broke the rules. `failed`: a program could not go on with it.
 * `superseded`: another program of the same name took one's place. `lost`: no link came back in time.
 */
export type EndReason = "done" | "protocol" | "failed" | "superseded" | "lost";

/** What END carries; the other reasons never travel. An unknown number reads as `failed`. */
const REASONS: readonly EndReason[] = ["done", "protocol", "failed", "superseded"];

/** What the machine asks of its driver, to be done in the order given. */
export type Action =
  | { readonly type: "send"; readonly link: number; readonly parts: readonly Uint8Array[] }
  | { readonly type: "deliver"; readonly bytes: Uint8Array }
  /** In order, with that code (PROTOCOL §3.5). */
  | { readonly type: "close"; readonly link: number; readonly code: number }
  | { readonly type: "destroy"; readonly link: number }
  /** No link is left: start the resume window. A link that is added ends it. */
  | { readonly type: "alone" }
  | {
      readonly type: "ended";
      readonly reason: EndReason;
      readonly text: string;
      readonly byPeer: boolean;
      readonly peerReceived: number | undefined;
    };

/** Where new bytes of the stream come from. */
export interface Source {
  /**
   * Commits the next bytes: at most `roomBytes`, whose first one has that offset in the stream. Chunks that nobody else changes or uses later, so that their memory is freed
   * when the peer has the chunk that ends it; none when there is nothing.
   * @param inFlightBytes committed before and not acknowledged yet
   */
  pull(roomBytes: number, offset: number, inFlightBytes: number): Uint8Array[];
}

/** One link of a session. */
export interface MachineLink {
  readonly id: number;
  /** Its class of path: 0 is the best. */
  readonly rank: number;
  /** What this side's ATTACH or latest ACK on this link said. */
  told: number;
  /** Where this side's stream goes on over this link; -1 until that is known. */
  cursor: number;
  /** The peer's ATTACH came. */
  attached: boolean;
  suspect: boolean;
  /** While another link carries the stream: how much was committed when it took over. */
  supersededAt: number;
}

/** Codes of an orderly close. */
const DONE = 0;
const MALFORMED = 12;

const NOTHING: readonly Action[] = [];

/**
 * The session, pure: no clock, no sockets, no randomness. Each method is an event and returns what is to be done. The fields are its state; nothing else writes them.
 *
 * A stream each way with explicit offsets, over links that come and go. Everything that was committed was sent on some link, so `committed` is also how much was sent.
 */
export class Machine {
  readonly windowBytes: number;
  readonly maxLinks: number;
  readonly closesLinks: boolean;
  /** The peer has this side's stream up to here. */
  acked = 0;
  /** This side's stream ends here. */
  committed = 0;
  /** This side has the peer's stream up to here. */
  recv = 0;
  /** The most that the peer was told of that, over whatever link. */
  told = 0;
  /** Plaintext of [acked, committed). */
  readonly out = new Retained();
  /** In the order in which they were proven. */
  links: MachineLink[] = [];
  /** The link that carries this side's stream. */
  cur: MachineLink | undefined;
  /** Where the peer's latest DATA or ACK came: the link that carries the peer's stream, as far as this side knows. */
  heard = -1;
  /** Links on which the peer was heard. While it is 0 the peer may not know of the session: it counts a link as proven a moment later than its dialler. */
  attachments = 0;
  ended = false;

  /** @param closesLinks whether this side closes superseded links: the lower name, or the client of a server */
  constructor(limits: Pick<SessionLimits, "windowBytes" | "links">, closesLinks: boolean) {
    this.windowBytes = limits.windowBytes;
    this.maxLinks = limits.links;
    this.closesLinks = closesLinks;
  }

  /** A link was proven, and belongs to this session (bind.ts). With too many of them one goes: a suspect one, else the oldest that carries nothing. */
  linkProven(id: number, rank: number): readonly Action[] {
    if (this.ended) return [{ type: "destroy", link: id }];
    const actions: Action[] = [];
    if (this.links.length >= this.maxLinks) {
      const idle = this.links.filter((one) => one !== this.cur);
      const gone = (idle.find((one) => one.suspect) ?? idle[0] ?? this.cur) as MachineLink;
      this.#remove(gone);
      actions.push({ type: "destroy", link: gone.id });
    }
    // Nothing was ever committed, so the peer has nothing: no need to wait for its ATTACH.
    const cursor = this.committed === 0 ? 0 : -1;
    this.told = this.recv;
    this.links.push({
      id,
      rank,
      told: this.recv,
      cursor,
      attached: false,
      suspect: false,
      supersededAt: this.committed,
    });
    actions.push({ type: "send", link: id, parts: [offsetFrame(ATTACH, this.recv)] });
    this.#choose();
    return actions;
  }

  /** A link ended: closed, cut or dead. */
  linkLost(id: number): readonly Action[] {
    const link = this.#link(id);
    if (link === undefined) return NOTHING;
    this.#remove(link);
    return this.links.length === 0 ? [{ type: "alone" }] : NOTHING;
  }

  /** Pings on a link are late, or on time again. */
  linkSuspect(id: number, suspect: boolean): readonly Action[] {
    const link = this.#link(id);
    if (link === undefined) return NOTHING;
    link.suspect = suspect;
    this.#choose();
    return NOTHING;
  }

  /** A data record came. Late ones, of links that are no longer here, are nothing. */
  record(id: number, payload: Uint8Array): readonly Action[] {
    const link = this.#link(id);
    if (link === undefined) return NOTHING;
    if (payload.length === 0) return this.#violated("a record is empty");
    for (let at = 0; at < payload.length; at += OFFSET_FRAME_BYTES) {
      const type = payload[at] as number;
      if (payload.length - at < OFFSET_FRAME_BYTES) return this.#violated("a frame is cut short");
      if (!link.attached && type !== ATTACH) return this.#violated("the first frame on a link must be ATTACH");
      const offset = readU64(payload, at + 1);
      if (type === DATA) return this.#data(link, offset, payload.subarray(at + OFFSET_FRAME_BYTES));
      if (type !== ATTACH && type !== ACK && type !== END)
        return this.#violated(`a frame has the unknown type ${type}`);
      if (offset > this.committed)
        return this.#violated(`${offset} bytes acknowledged of ${this.committed} that were sent`);
      if (offset > this.acked) {
        this.acked = offset;
        this.out.release(offset);
      }
      if (type === END) return this.#endReceived(payload, at);
      if (type === ACK) this.heard = id;
      else if (link.attached) return this.#violated("a link was attached twice");
      else this.#attach(link, offset);
    }
    return this.#closeSuperseded();
  }

  /**
   * Time to send, on the current link and only while it is writable: at most one record. Call it again until it has nothing.
   * @param ackNow whether an acknowledgement should go even if nothing else does; it rides along anyway
   */
  flush(source: Source, ackNow: boolean): readonly Action[] {
    const link = this.cur;
    if (link === undefined) return NOTHING;
    const offset = Math.max(link.cursor, this.acked);
    const parts = offset < this.committed ? this.out.slice(offset, MAX_DATA_BYTES) : this.#commit(source);
    const ackDue = link.told < this.recv;
    if (parts.length === 0) {
      // What the peer was told over another link may have been lost with it, and it may wait for just that.
      if (!ackDue || !(ackNow || link.told < this.told)) return NOTHING;
      link.told = this.told = this.recv;
      return [{ type: "send", link: link.id, parts: [offsetFrame(ACK, this.recv)] }];
    }
    link.told = this.told = this.recv;
    link.cursor = offset;
    for (const part of parts) link.cursor += part.length;
    parts.unshift(dataHeader(ackDue ? this.recv : undefined, offset));
    return [{ type: "send", link: link.id, parts }];
  }

  /** Bytes of the peer's stream that the peer does not know to have arrived, as far as the current link goes. */
  get unackedBytes(): number {
    return this.cur === undefined ? 0 : this.recv - this.cur.told;
  }

  /** Ends the session from this side: tells the peer over every link, and closes them. A lost one just ends. */
  end(reason: EndReason, text: string): readonly Action[] {
    if (this.ended) return NOTHING;
    const code = REASONS.indexOf(reason);
    const actions: Action[] = [];
    if (code >= 0) {
      const parts = [endFrame(this.recv, code, text)];
      for (const { id } of this.links) actions.push({ type: "send", link: id, parts });
    }
    return this.#over(actions, code >= 0, { reason, text, byPeer: false, peerReceived: undefined });
  }

  #link(id: number): MachineLink | undefined {
    return this.links.find((one) => one.id === id);
  }

  #remove(link: MachineLink): void {
    this.links = this.links.filter((one) => one !== link);
    if (this.cur !== link) return;
    this.cur = undefined;
    this.#choose();
  }

  /** Each side chooses alone: of the links whose cursor is known the best class that is not suspect, of equals the newest; if all are suspect, the newest. */
  #choose(): void {
    let best: MachineLink | undefined;
    for (const one of this.links) {
      if (one.cursor < 0) continue;
      if (best === undefined || best.suspect || (!one.suspect && one.rank <= best.rank)) best = one;
    }
    if (best === this.cur) return;
    if (this.cur !== undefined) this.cur.supersededAt = this.committed;
    this.cur = best;
  }

  /** From now on this side may go on over this link, from what the peer has: no pause, and no agreement on who moves when. */
  #attach(link: MachineLink, recv: number): void {
    link.attached = true;
    this.attachments++;
    link.cursor = Math.max(link.cursor, recv); // what was sent over it already is on its way
    this.#choose();
  }

  #data(link: MachineLink, offset: number, bytes: Uint8Array): readonly Action[] {
    if (bytes.length === 0) return this.#violated("a DATA frame is empty");
    if (offset > this.recv) return this.#gap(link);
    this.heard = link.id;
    const actions = this.#closeSuperseded();
    const skip = this.recv - offset;
    if (skip >= bytes.length) return actions;
    this.recv = offset + bytes.length;
    return [...actions, { type: "deliver", bytes: skip === 0 ? bytes : bytes.subarray(skip) }];
  }

  /** Never legitimate: what a link carries begins at what was told on it, and goes on without a gap. */
  #gap(link: MachineLink): readonly Action[] {
    this.#remove(link);
    const actions: Action[] = [{ type: "destroy", link: link.id }];
    if (this.links.length === 0) actions.push({ type: "alone" });
    return actions;
  }

  #commit(source: Source): Uint8Array[] {
    const inFlight = this.committed - this.acked;
    const room = Math.min(MAX_DATA_BYTES, this.windowBytes - inFlight);
    if (room <= 0) return [];
    const parts = source.pull(room, this.committed, inFlight);
    for (const part of parts) this.out.append(part);
    this.committed = this.out.end;
    return parts;
  }

  /** A link is of no more use once the peer has all that this side ever sent on it, and the peer is seen to send elsewhere itself. */
  #closeSuperseded(): readonly Action[] {
    const { cur } = this;
    if (!this.closesLinks || this.links.length < 2 || cur === undefined || this.heard !== cur.id) return NOTHING;
    const gone = this.links.filter((one) => one !== cur && one.attached && this.acked >= one.supersededAt);
    for (const link of gone) this.#remove(link);
    return gone.map((link) => ({ type: "close", link: link.id, code: DONE }));
  }

  #endReceived(payload: Uint8Array, at: number): readonly Action[] {
    if (payload.length < at + END_BYTES || payload.length > at + END_BYTES + MAX_END_TEXT_BYTES) {
      return this.#violated("an END has a wrong length");
    }
    const reason = REASONS[payload[at + OFFSET_FRAME_BYTES] as number] ?? "failed";
    const text = readEndText(payload.subarray(at + END_BYTES));
    return this.#over([], true, { reason, text, byPeer: true, peerReceived: this.acked });
  }

  #violated(text: string): readonly Action[] {
    return this.end("protocol", text);
  }

  #over(
    actions: Action[],
    orderly: boolean,
    end: { reason: EndReason; text: string; byPeer: boolean; peerReceived: number | undefined },
  ): readonly Action[] {
    const code = end.byPeer || end.reason === "done" || end.reason === "superseded" ? DONE : MALFORMED;
    for (const { id } of this.links)
      actions.push(orderly ? { type: "close", link: id, code } : { type: "destroy", link: id });
    actions.push({ type: "ended", ...end });
    this.ended = true;
    this.links = [];
    this.cur = undefined;
    this.out.release(this.out.end);
    return actions;
  }
}
