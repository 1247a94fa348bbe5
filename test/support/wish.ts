import { randomBytes } from "node:crypto";
import { encodeToRoom, type Introduce } from "../../src/wire/room-messages.ts";

/** A member's wish to be introduced, for a box: with a ticket of its own, and no HELLO for a link through the Room unless one is given. */
export function wish(name: string, changes: Partial<Introduce> = {}): Uint8Array {
  return encodeToRoom({ type: "introduce", name, ticketId: bytes(16), secret: bytes(32), ...changes });
}

function bytes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}
