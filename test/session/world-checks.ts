import { byteAt, isPair, MAX_LINKS, type SimSession, type Streams, WINDOW_BYTES } from "./world-parts.ts";

/** I1: what is delivered under a pair is what was committed under it, from the start, once and in order. Counts it. */
export function checkDelivered(session: SimSession, bytes: Uint8Array, { committed }: Streams): void {
  const { theirStream } = session;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== byteAt(theirStream, session.delivered + at))
      throw new Error(`I1: a wrong byte at ${session.delivered + at}`);
  }
  session.delivered += bytes.length;
  if (session.delivered > (committed[theirStream] ?? 0)) throw new Error("I1: more was delivered than was committed");
  if (session.delivered > session.machine.recv) throw new Error("I1: recv is behind what was delivered");
}

/** I2 and I6 of one session. @returns whether its stream moved to another link since the last check */
export function checkSession(session: SimSession, theirs: SimSession | undefined): boolean {
  const { acked, committed, recv, out, links, cur } = session.machine;
  if (theirs !== undefined && !(acked <= theirs.machine.recv && theirs.machine.recv <= committed)) {
    if (isPair(session, theirs)) throw new Error("I2: acked <= peer.recv <= committed");
  }
  if (acked > committed || out.start !== acked || out.end !== committed)
    throw new Error("I2: out is [acked, committed)");
  if (committed - acked > WINDOW_BYTES) throw new Error("I6: more than the window is kept");
  if (links.length > MAX_LINKS) throw new Error("I6: too many links");
  if (cur !== undefined && !links.includes(cur)) throw new Error("the current link is none of its links");
  if (recv !== session.delivered) throw new Error("recv is what was delivered");
  if (session.checked[0] !== acked || session.checked[1] !== committed) checkRetained(session);
  const hasMoved = cur !== undefined && session.carrier >= 0 && cur.id !== session.carrier;
  session.carrier = cur?.id ?? -1;
  return hasMoved;
}

/** I2: `out` holds the very bytes of [acked, committed), and no others. */
export function checkRetained(session: SimSession): void {
  const { acked, committed, out } = session.machine;
  session.checked = [acked, committed];
  let at = acked;
  for (const part of acked === committed ? [] : out.slice(acked, WINDOW_BYTES + 1)) {
    for (let index = 0; index < part.length; index++, at++)
      if (part[index] !== byteAt(session.stream, at)) throw new Error("I2: out holds other bytes");
  }
  if (at !== committed) throw new Error("I2: out holds another length");
}
