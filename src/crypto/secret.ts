import type { Engine, Point } from "./engine.ts";

/** What a handshake is for: 1 a Room, 2 a Server, 3 a peer directly, 4 a peer through the relay, 5 resuming a link. */
export type Purpose = 1 | 2 | 3 | 4 | 5;

/** What both ends of a handshake know beforehand, kept as the generator that CPace makes of it, never as the secret itself. */
export interface Secret {
  readonly purpose: Purpose;
  /** calculate_generator(PRS, CI of that purpose, sid = ""). As secret as a hash of the PRS. */
  readonly generator: Point;
}

/**
 * The secret of a Room (purpose 1) or Server (2) password. Computed once per password and kept: the mapping takes time that
 * depends on its input, so it must not happen per connection.
 * @throws LinkError ERR_PARAM for a password that can't be prepared.
 */
export function passwordSecret(password: string, purpose: 1 | 2, engine: Engine): Secret {
  throw new Error(`not yet ${password} ${purpose} ${engine.name}`);
}

/** The secret of a ticket (purposes 3 and 4) or of a resume secret (5): 32 random bytes. */
export function keySecret(bytes: Uint8Array, purpose: 3 | 4 | 5, engine: Engine): Secret {
  throw new Error(`not yet ${bytes.length} ${purpose} ${engine.name}`);
}
