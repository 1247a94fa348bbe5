import type { Clock, Timer } from "../base/clock.ts";
import { LinkError, messageOf } from "../base/errors.ts";
import type { IdentityProblem, Judge } from "./identity.ts";

/** Why a link does not open: what this side tells itself, and what it tells the other one. */
export interface IdentityRefusal {
  readonly problem: IdentityProblem;
  readonly error: LinkError;
  /** For the other side. */
  readonly said: string;
}

export interface IdentityGateOptions {
  readonly clock: Clock;
  readonly judge: Judge;
  /** The other side's name. */
  readonly name: string;
  /** For the record and the judgement together. */
  readonly waitMs: number;
  /** The identity was judged; undefined: it may be. An answer may come when the link has ended. */
  readonly judged: (refusal: IdentityRefusal | undefined) => void;
}

/** What a link waits for before it is its owner's, where this side asks for an identity: the other side's first record, and a yes. PROTOCOL §3.7. */
export class IdentityGate {
  readonly #options: IdentityGateOptions;
  readonly #timer: Timer;
  #key: string | undefined;
  #isJudging = false;

  constructor(options: IdentityGateOptions) {
    this.#options = options;
    this.#timer = options.clock.after(options.waitMs, () => this.#late());
  }

  /** The first record is there: nothing more is to be read until `judged`. */
  get isJudging(): boolean {
    return this.#isJudging;
  }

  /** The first record came: the identity that it proves, or another record, which proves none. */
  first(key: string | undefined): void {
    const { judge } = this.#options;
    this.#isJudging = true;
    this.#key = key;
    if (typeof judge === "string") return this.#settle(key === judge ? undefined : this.#notPinned(judge, key));
    new Promise<unknown>((resolve) => resolve(judge(key))).then(
      (answer) => this.#settle(answer === true ? undefined : this.#notApproved(key, "")),
      (error: unknown) => this.#settle(this.#notApproved(key, messageOf(error))),
    );
  }

  /** The link has ended. */
  stop(): void {
    this.#timer.cancel();
  }

  #settle(problem: IdentityRefusal | undefined): void {
    this.stop();
    this.#options.judged(problem);
  }

  #late(): void {
    const { judge, waitMs } = this.#options;
    const span = `within ${waitMs / 1_000} s`;
    if (this.#isJudging) this.#settle(this.#notApproved(this.#key, `there was no answer ${span}`));
    else if (typeof judge === "string") this.#settle(this.#notPinned(judge, undefined, ` ${span}`));
    else this.#settle(this.#notApproved(undefined, `nothing came ${span}`));
  }

  #notPinned(pinned: string, key: string | undefined, when = ""): IdentityRefusal {
    const shown = key ?? `none${when}`;
    const text = `the identity of ${this.#who} is not the pinned one: it shows ${shown}, and ${pinned} is pinned here`;
    return refusal(key === undefined ? "none shown" : "another one", text);
  }

  #notApproved(key: string | undefined, why: string): IdentityRefusal {
    const text = `the identity of ${this.#who} was not approved (it shows ${key ?? "none"})${why && `: ${why}`}`;
    return refusal(key === undefined ? "none shown" : "not approved", text);
  }

  get #who(): string {
    return JSON.stringify(this.#options.name);
  }
}

const SAID: Readonly<Record<IdentityProblem, string>> = {
  "none shown": "this side needs an identity",
  "another one": "another identity is pinned here",
  malformed: "that identity is not proven",
  "not approved": "the identity was not approved",
};

/** A refusal with that text for this side's own log. */
export function refusal(problem: IdentityProblem, text: string): IdentityRefusal {
  return { problem, error: new LinkError("ERR_IDENTITY", text), said: SAID[problem] };
}
