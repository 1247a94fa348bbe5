import { type Clock, systemClock } from "../base/clock.ts";
import type { LimitChanges, Limits } from "../base/limits.ts";
import { limitsOption } from "../base/limits-option.ts";
import { type Random, systemRandom } from "../base/random.ts";
import type { Engine } from "../crypto/engine.ts";
import { nativeEngine } from "../crypto/native.ts";
import type { Pipe, PipeListener } from "../pipe/pipe.ts";
import { dialTcp, listenTcp } from "../pipe/tcp.ts";

/** All that a program in the network takes from outside: time, chance, ciphers, the network itself. Tests replace parts of it. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  /** Numbers in [0, 1) for jitter and early drops; nothing secret depends on them. */
  readonly chance: () => number;
  readonly engine: Engine;
  readonly limits: Limits;
  readonly dial: (options: { host: string; port: number; signal?: AbortSignal | undefined }) => Promise<Pipe>;
  readonly listen: (options: { host: string; port: number; accept(pipe: Pipe): void }) => Promise<PipeListener>;
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
    dial: (options) => dialTcp({ ...options, clock, limits: limits.pipe }),
    listen: (options) => listenTcp({ ...options, clock, limits: limits.pipe }),
    ...parts,
    limits,
  };
}
