import { type Clock, systemClock } from "../base/clock.ts";
import type { LimitChanges, Limits } from "../base/limits.ts";
import { limitsOption } from "../base/limits-option.ts";
import { type Random, systemRandom } from "../base/random.ts";
import type { Engine } from "../crypto/engine.ts";
import { nativeEngine } from "../crypto/native.ts";
import type { Address, Pipe, PipeListener } from "../pipe/pipe.ts";
import { dialTcp, listenTcp } from "../pipe/tcp.ts";
import { ownAddresses } from "../pipe/own-addresses.ts";

/** What a dial takes. */
export interface DialOptions {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Gives up: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Where to dial from, for punching holes. With port 0 the system takes a free one, from which others can be dialled at the same time. */
  readonly from?: Address | undefined;
}

/** All that a program in the network takes from outside: time, chance, ciphers, the network itself. Tests replace parts of it. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  /** Numbers in [0, 1) for jitter and early drops; nothing secret depends on them. */
  readonly chance: () => number;
  readonly engine: Engine;
  readonly limits: Limits;
  readonly dial: (options: DialOptions) => Promise<Pipe>;
  readonly listen: (options: { host: string; port: number; accept(pipe: Pipe): void }) => Promise<PipeListener>;
  /** The addresses of this machine, without loopback and link-local ones; IPv4 first. They change while a program runs. */
  readonly addresses: () => readonly string[];
}

/**
 * The machine's own time, chance, ciphers and TCP, with `parts` in place of some of them.
 * @param changes what the option `limits` changes
 * @throws TypeError for changes that make no sense
 */
export function environmentWith(parts: Partial<Environment> = {}, changes?: LimitChanges): Environment {
  const clock = parts.clock ?? systemClock;
  const limits = limitsOption(changes, parts.limits);
  return {
    clock,
    random: systemRandom,
    chance: Math.random,
    engine: nativeEngine,
    dial: ({ host, port, signal, from }) =>
      dialTcp({ host, port, signal, localHost: from?.host, localPort: from?.port, clock, limits: limits.pipe }),
    listen: (options) => listenTcp({ ...options, clock, limits: limits.pipe }),
    addresses: ownAddresses,
    ...parts,
    limits,
  };
}
