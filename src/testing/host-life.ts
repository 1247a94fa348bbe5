import type { Clock } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { Engine } from "../crypto/engine.ts";
import { nativeEngine } from "../crypto/native.ts";
import type { Environment } from "../link/environment.ts";
import type { MemoryNetwork } from "../pipe/memory.ts";
import type { Pipe, PipeListener } from "../pipe/pipe.ts";
import { listenError, showAddress } from "../pipe/tcp-errors.ts";
import { seededChance, seededRandom } from "./seeded.ts";
import type { SimulationEvent } from "./simulation-event.ts";

/** What a program on a simulated host is opened with: `Room.open(options)`, `joinRoom("Foo", handlers, { ...options, name: "foo-2" })`. */
export interface HostOptions {
  /** The host's own time, chance and network. */
  readonly environment: Environment;
  /** Writes into the events of the simulation, all levels, and prints nothing. */
  readonly log: Logger;
}

/** What a host needs of its simulation. */
export interface World {
  readonly seed: number;
  readonly clock: Clock;
  readonly network: MemoryNetwork;
  /** The address behind what is dialled. */
  readonly lookUp: (host: string) => string;
  /** Waits for work that takes real time, while simulated time stands still. */
  readonly outside: <Result>(work: PromiseLike<Result>) => Promise<Result>;
  readonly record: (event: Omit<SimulationEvent, "at">) => void;
  /** Nothing arrives at that address any more, or again. */
  readonly silence: (address: string, isSilent: boolean) => void;
}

/** The addresses to listen on that every host has, besides its own. */
const OWN = ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::"];

/** Whatever runs on a host from its start to its crash. */
export class HostLife {
  /** Set by a crash. What waited then never comes; what is still called, such as `close`, has time and comes to its end, but no network. */
  isOver = false;
  readonly options: HostOptions;
  readonly #address: string;
  readonly #world: World;
  readonly #clock: Clock;

  constructor(name: string, address: string, number: number, world: World) {
    const { seed, clock, record } = world;
    this.#address = address;
    this.#world = world;
    this.#clock = {
      now: () => clock.now(),
      date: () => clock.date(),
      after: (ms, run) => {
        const { isOver } = this;
        return clock.after(ms, () => {
          if (this.isOver === isOver) run();
        });
      },
    };
    const use = `host ${name} ${number}`;
    const random = seededRandom(seed, `${use} bytes`);
    const environment: Environment = {
      clock: this.#clock,
      random,
      chance: seededChance(seed, `${use} numbers`),
      engine: seededEngine(random, world),
      limits: DEFAULT_LIMITS,
      dial: (options) => this.#dial(options),
      listen: (options) => this.#listen(options),
      addresses: () => [this.#address],
    };
    const level = (word: string) => (_fields: object, message: string) =>
      record({ what: "log", from: name, text: `${word} ${message}` });
    const log = { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
    this.options = { environment, log };
  }

  async #listen(options: Parameters<Environment["listen"]>[0]): Promise<PipeListener> {
    const { host, port } = options;
    if (this.isOver) return nothing();
    if (host !== this.#address && !OWN.includes(host))
      throw listenError(Object.assign(new Error("no such address"), { code: "EADDRNOTAVAIL" }), host, port);
    return this.#world.network.listen({ ...options, host: this.#address });
  }

  async #dial({ host, port, signal, from }: Parameters<Environment["dial"]>[0]): Promise<Pipe> {
    if (this.isOver) return nothing(signal);
    const ms = DEFAULT_LIMITS.pipe.connectMs;
    const over = new AbortController();
    const abort = (): void => over.abort(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const timer = this.#clock.after(ms, () => {
      const text = `${showAddress(host, port)} did not answer within ${ms / 1_000} s`;
      over.abort(new LinkError("ERR_UNREACHABLE", text));
    });
    try {
      const target = {
        host: this.#world.lookUp(host),
        port,
        localHost: this.#address,
        localPort: from?.port,
        signal: over.signal,
      };
      const pipe = await this.#world.network.dial(target);
      if (!this.isOver) return pipe;
      pipe.destroy();
      return await nothing(signal);
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** The native engine without chance of its own, and without its measurement of what is fast on this machine. */
function seededEngine(random: Environment["random"], { outside }: World): Engine {
  return {
    ...nativeEngine,
    scalar: (bytes) => nativeEngine.scalar(bytes ?? random(32)),
    bcrypt: (jobs, signal) => outside(nativeEngine.bcrypt(jobs, signal)),
    suites: () => [2, 1],
  };
}

/** What a program that crashed waits for. */
function nothing(signal?: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
