import { copyOf, utf8 } from "./bytes.ts";
import { calculateGenerator, lvCat } from "./cpace.ts";
import type { Engine, Point } from "./engine.ts";
import { preparePassword } from "./passwords.ts";

/** What a handshake is for: 1 a Room, 2 a Server, 3 a peer directly, 4 a peer through the relay, 5 resuming a link. */
export type Purpose = 1 | 2 | 3 | 4 | 5;

/** What both ends of a handshake know beforehand, kept as the generator that CPace makes of it, never as the secret itself. */
export interface Secret {
  readonly purpose: Purpose;
  /** calculate_generator(PRS, CI of that purpose, sid = ""). To be kept as secret as a hash of the PRS. */
  readonly generator: Point;
}

/**
 * The secret of a Room (purpose 1) or Server (2) password. Computed once per password and kept: the mapping takes time that
 * depends on its input, so it must not happen per connection.
 * @throws LinkError ERR_PARAM for a password that can't be prepared.
 */
export function passwordSecret(password: string, purpose: 1 | 2, engine: Engine): Secret {
  return secretOf(preparePassword(password), purpose, engine);
}

/**
 * The secret of a ticket (purposes 3 and 4) or of a resume secret (5).
 * @param key 32 random bytes; they stay the caller's.
 */
export function keySecret(key: Uint8Array, purpose: 3 | 4 | 5, engine: Engine): Secret {
  if (key.length !== 32) throw new RangeError(`a ticket takes 32 bytes, not ${key.length}`);
  return secretOf(copyOf(key), purpose, engine);
}

/** Wipes PRS. */
function secretOf(PRS: Uint8Array, purpose: Purpose, engine: Engine): Secret {
  const CI = channelIdentifier(purpose);
  const generator = engine.point(calculateGenerator(engine, PRS, CI, new Uint8Array(0)));
  PRS.fill(0);
  return { purpose, generator };
}

/** CI of a purpose, so that a secret used for one never fits another. */
export function channelIdentifier(purpose: Purpose): Uint8Array {
  return lvCat(utf8("CRP1"), Uint8Array.of(purpose));
}
