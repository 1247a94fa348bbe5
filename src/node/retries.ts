import type { Timer } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { AgainPace, retryWaitMs } from "../base/retry.ts";
import type { Environment } from "../link/environment.ts";

export interface RetriesOptions {
  readonly environment: Environment;
  readonly log: Logger;
  /** Whom the attempts are for, as in "the Room at 127.0.0.1:2428". */
  readonly target: string;
  /** What to do when nobody listens there, for the log. */
  readonly advice: string;
  /** False: the first failure is final. */
  readonly reconnect: boolean;
}

/** The failed tries that are told: the fourth, since programs are often started together, and every tenth from there. */
const FIRST_TOLD = 3;
const TOLD_EACH = 10;

/** The code with which a second holder of a name is refused. */
export const NAME_IN_USE = 8;

/** Failures that trying again will not mend. */
const REFUSALS = new Set([
  "ERR_AUTH",
  "ERR_ENCRYPTION_MISMATCH",
  "ERR_VERSION",
  "ERR_NAME",
  "ERR_PARAM",
  "ERR_IDENTITY",
  "ERR_MALFORMED",
]);

/** Attempts at one thing, again and again after growing waits, until one succeeds, one fails for good, or they are stopped. */
export class Retries {
  readonly #options: RetriesOptions;
  readonly #stop = new AbortController();
  /** To be let in again and again is work for everybody there. */
  readonly #pace: AgainPace;
  /** Failures in a row. They are counted anew, once, when somebody is there again who could not be reached: everybody comes at once then, and connections are dropped. */
  #failures = 0;
  #absence: "none" | "lasts" | "over" = "none";
  #hasSucceeded = false;
  #wait: { readonly timer: Timer; readonly done: () => void } | undefined;

  constructor(options: RetriesOptions) {
    const { joinsPerSecond, joinsBurst } = options.environment.limits.peers;
    this.#options = options;
    this.#pace = new AgainPace(joinsPerSecond, joinsBurst);
  }

  /** Fires when no more attempts are wanted; its reason says why. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Rejects with a LinkError that is final, with whatever else an attempt threw, or with the reason of `stop`.
   * @param afterMs how long to wait before the first attempt, at least: runs that follow each other fast are held back.
   */
  async run(attempt: () => Promise<void>, afterMs = 0): Promise<void> {
    const waitMs = Math.max(afterMs, this.#pace.waitMs(this.#options.environment.clock.now()));
    if (waitMs > 0) await this.#pause(waitMs);
    for (;;) {
      this.signal.throwIfAborted();
      try {
        await attempt();
        this.#failures = 0;
        this.#absence = "none";
        this.#hasSucceeded = true;
        return;
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof LinkError)) throw error;
        await this.#pause(this.#waitAfter(error));
      }
    }
  }

  stop(reason: unknown): void {
    if (!this.signal.aborted) this.#stop.abort(reason);
    this.#wait?.timer.cancel();
    this.#wait?.done();
  }

  /** How long to wait after a failure, in ms. @throws that error when it is final. */
  #waitAfter(error: LinkError): number {
    const { environment, log, reconnect, target, advice } = this.#options;
    const isRefusal = REFUSALS.has(error.code) && !(error.received === NAME_IN_USE && this.#hasSucceeded);
    if (!reconnect || (isRefusal && !this.#hasSucceeded)) throw error;
    if (error.code !== "ERR_UNREACHABLE" && this.#absence === "lasts") {
      this.#absence = "over";
      this.#failures = 0;
    } else if (error.code === "ERR_UNREACHABLE" && this.#absence === "none") this.#absence = "lasts";
    const retryAfterMs = (error.retryAfter ?? 0) * 1_000;
    const waitMs = Math.max(
      retryWaitMs(++this.#failures, environment.chance()),
      retryAfterMs,
      isRefusal ? environment.limits.peers.refusedWaitMs : 0,
    );
    if (retryAfterMs >= 1_000 || isRefusal) {
      log.warn({ err: error }, `${target} refuses for now; trying again in ${Math.ceil(waitMs / 1_000)} s`);
    } else if ((this.#failures - 1) % TOLD_EACH === FIRST_TOLD) {
      log.warn(
        { err: error },
        `no answer from ${target} yet, trying on${error.code === "ERR_UNREACHABLE" ? advice : ""}`,
      );
    }
    return waitMs;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wait = undefined;
        resolve();
      };
      this.#wait = { timer: this.#options.environment.clock.after(ms, done), done };
    });
  }
}
