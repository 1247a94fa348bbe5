import { hex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { CODE } from "../link/handshake-refuse.ts";
import type { RelayAnswer } from "../link/listener.ts";
import { ID_BYTES } from "../wire/room-messages.ts";
import type { RoomMember } from "./member.ts";

/** What a pass is good for: a connection that shows it, or its member's word that it was shown to it. */
export interface Errand {
  readonly member: RoomMember;
  /** A connection to the Room shows it. Absent: no connection may. */
  readonly connected?: () => RelayAnswer;
  /** Its member says that it saw it. */
  readonly called?: () => void;
}

interface Pass {
  readonly errand: Errand;
  readonly endsAt: number;
}

/**
 * Random ids by which the Room knows a connection: each given to one member for one errand, good once and for a while. All live equally long, so they end in
 * the order in which they were made. PROTOCOL §3.1.
 */
export class Passes {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #most: number;
  readonly #lifeMs: number;
  readonly #live = new Map<string, Pass>();

  constructor(clock: Clock, random: Random, { most, lifeMs }: { readonly most: number; readonly lifeMs: number }) {
    this.#clock = clock;
    this.#random = random;
    this.#most = most;
    this.#lifeMs = lifeMs;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Undefined: there are as many as may be. */
  issue(errand: Errand): Uint8Array | undefined {
    const now = this.#clock.now();
    for (const [key, { endsAt }] of this.#live) {
      if (endsAt > now) break;
      this.#live.delete(key);
    }
    if (this.#live.size >= this.#most) return undefined;
    const id = this.#random(ID_BYTES);
    this.#live.set(hex(id), { errand, endsAt: now + this.#lifeMs });
    return id;
  }

  /** What a connection that shows this id gets. */
  readonly connected = (id: Uint8Array): RelayAnswer => {
    const errand = this.#find(id);
    if (errand?.connected === undefined) return { code: CODE.ticket };
    this.revoke(id);
    return errand.connected();
  };

  /** A member says that it was shown this id; nothing happens unless it is its own. */
  called(member: RoomMember, id: Uint8Array): void {
    const errand = this.#find(id);
    if (errand?.called === undefined || errand.member !== member) return;
    this.revoke(id);
    errand.called();
  }

  /** It is good for nothing any more. May be called again. */
  revoke(id: Uint8Array): void {
    this.#live.delete(hex(id));
  }

  close(): void {
    this.#live.clear();
  }

  #find(id: Uint8Array): Errand | undefined {
    const pass = this.#live.get(hex(id));
    return pass === undefined || pass.endsAt <= this.#clock.now() ? undefined : pass.errand;
  }
}
