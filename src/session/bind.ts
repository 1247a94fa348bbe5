import { readU32, writeU32 } from "./frames.ts";

/** One side of a session: a process of that name, and how many sessions it gave up with this peer. Two ends name a session. */
export interface End {
  /** 12 random bytes, per process. */
  readonly incarnation: Uint8Array;
  /** u32. */
  readonly epoch: number;
}

export const INCARNATION_BYTES = 12;
export const END_ID_BYTES = 16;

/** `incarnation[12] | epoch u32`, as extension 2 of HELLO and REPLY carries it. */
export function encodeEnd(end: End): Uint8Array {
  const bytes = new Uint8Array(END_ID_BYTES);
  bytes.set(end.incarnation);
  writeU32(bytes, INCARNATION_BYTES, end.epoch);
  return bytes;
}

/** Reads the 16 bytes of an end; the handshake has checked their number. */
export function decodeEnd(bytes: Uint8Array): End {
  return { incarnation: bytes.slice(0, INCARNATION_BYTES), epoch: readU32(bytes, INCARNATION_BYTES) };
}

function sameProcess(one: End, other: End): boolean {
  return one.incarnation.every((byte, at) => byte === other.incarnation[at]);
}

export function sameEnd(one: End, other: End): boolean {
  return one.epoch === other.epoch && sameProcess(one, other);
}

/** What one side knows about its sessions with one peer: enough to tell which link belongs to which. Written by the functions below alone. */
export interface Binding {
  /** This side's end as of now: the one to put into HELLO or REPLY. */
  end: End;
  /** Counts what happens here: an order in time without a clock. */
  events: number;
  session: { readonly them: End; readonly boundAt: number } | undefined;
}

/** @param epoch above that of every end that this process has given up towards that peer */
export function newBinding(incarnation: Uint8Array, epoch = 0): Binding {
  return { end: { incarnation, epoch }, events: 0, session: undefined };
}

/** What a link carries from its handshake to its proof. */
export interface Handshake {
  /** This side's end at that time. */
  readonly mine: End;
  readonly startedAt: number;
}

/** To be called when HELLO or REPLY is about to be sent. */
export function handshakeStarted(binding: Binding): Handshake {
  return { mine: binding.end, startedAt: ++binding.events };
}

/**
 * What to do with a link that was just proven (I: Tb is right; R: Ta is right).
 * `begin`: no session is there; make one, and the link is its first. `join`: it is another link of the session that is there.
 * `replace`: the peer is another program by now, or gave that session up; end it as superseded, then as `begin`.
 * `destroy`: it is stale, or nobody can tell, or it may not join; destroy it and dial again. A handshake begun after the current peer was proven decides.
 */
export type Verdict = "begin" | "join" | "replace" | "destroy";

/**
 * Decides, and notes the new session. `mayJoin`: the link was made with the session's resume key, or by the introduction that made the session. Without it,
 * who knows a shared password could take a session over by copying its ends, which are no secret.
 */
export function linkProven(
  binding: Binding,
  link: Handshake & { readonly them: End; readonly mayJoin: boolean },
): Verdict {
  if (!sameEnd(link.mine, binding.end)) return "destroy";
  const { session } = binding;
  if (session !== undefined) {
    if (sameEnd(link.them, session.them)) return link.mayJoin ? "join" : "destroy";
    // Of one process the higher epoch is the later one. Of two processes the one that took part in a handshake begun after the other was proven.
    const later = sameProcess(link.them, session.them)
      ? link.them.epoch > session.them.epoch
      : link.startedAt > session.boundAt;
    if (!later) return "destroy";
  }
  binding.session = { them: link.them, boundAt: ++binding.events };
  return session === undefined ? "begin" : "replace";
}

/**
 * To be called when the session ended, whoever ended it; not between a verdict `replace` and its `begin`. This side's next session has another end, so no two
 * sessions are ever named alike, and handshakes that began under the old one lead nowhere.
 */
export function sessionEnded(binding: Binding): void {
  binding.session = undefined;
  binding.events++;
  binding.end = { incarnation: binding.end.incarnation, epoch: (binding.end.epoch + 1) >>> 0 };
}
