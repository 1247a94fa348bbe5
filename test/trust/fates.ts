import { readFileSync } from "node:fs";
import { PeerError } from "../../src/base/errors.ts";
import type { Logger } from "../../src/base/log.ts";
import type { User } from "../../src/user/user.ts";

/** What became of a call, as its caller was told. */
export interface Fate {
  readonly id: string;
  outcome: "answered" | "did not run" | "ran" | "may have run";
  code: string | undefined;
  settledAt: number;
}

/** Calls of one user to one peer, so many at once, and what became of each. */
export class Calling {
  readonly fates: Fate[] = [];
  /** What is under way, by id. */
  readonly pending = new Set<string>();
  readonly #stop = new AbortController();
  readonly #workers: Promise<void>[];
  #isOver = false;
  #last = 0;

  constructor(user: User, to: string, prefix: string, inFlight: number) {
    this.#workers = Array.from({ length: inFlight }, () => this.#work(user, to, prefix));
  }

  /** Begins no more calls. */
  stop(): void {
    this.#isOver = true;
  }

  /** Begins no more calls, and gives up those under way. */
  abort(): void {
    this.stop();
    this.#stop.abort();
  }

  /** All have settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#workers);
  }

  async #work(user: User, to: string, prefix: string): Promise<void> {
    const peer = user.peer(to);
    const options = { signal: this.#stop.signal };
    while (!this.#isOver) {
      const n = ++this.#last;
      const id = `${prefix}-${n}`;
      // Big ones fill the window, so that some calls have left in part, or not at all, at any moment.
      const input = n % 16 === 0 ? { id, ms: 0, pad: "x".repeat(400_000) } : { id, ms: n % 5 };
      this.pending.add(id);
      const fate: Fate = { id, outcome: "answered", code: undefined, settledAt: 0 };
      try {
        if (n % 3 === 0) await peer.tell("note", input, options);
        else await peer.get(n % 10 === 1 ? "fail" : "work", input, options);
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        fate.outcome = error.outcome;
        fate.code = error.code;
      }
      fate.settledAt = performance.now();
      this.pending.delete(id);
      this.fates.push(fate);
    }
  }
}

/** What a program wrote of the calls whose handlers it started. */
export function startedIn(files: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of files)
    for (const id of readFileSync(file, { encoding: "utf8", flag: "a+" }).split("\n").filter(Boolean))
      counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Where what callers were told is not what happened. */
export function liesIn(fates: readonly Fate[], started: ReadonlyMap<string, number>): string[] {
  const lies: string[] = [];
  for (const { id, outcome, code } of fates) {
    const count = started.get(id) ?? 0;
    const isTrue = outcome === "did not run" ? count === 0 : outcome === "may have run" ? count <= 1 : count === 1;
    if (!isTrue) lies.push(`${id}: "${outcome}" (${code}), and its handler started ${count} times`);
  }
  return lies;
}

/** A logger that notes when users became connected and when they no longer were. */
export class ConnectionLog implements Logger {
  readonly lines: string[] = [];
  #waiting: { readonly text: string; readonly count: number; readonly told: (at: number) => void }[] = [];

  debug(): void {}
  warn(): void {}
  error(): void {}
  info(_fields: object, text: string): void {
    this.lines.push(text);
    const due = this.#waiting.filter((one) => one.text === text && one.count <= this.count(text));
    this.#waiting = this.#waiting.filter((one) => !due.includes(one));
    for (const { told } of due) told(performance.now());
  }

  count(text: string): number {
    return this.lines.filter((line) => line === text).length;
  }

  /** The instant at which that line comes for that time. `see` is called at once, before anything that follows from what the line tells. */
  next(text: string, count: number, see: () => void = () => {}): Promise<number> {
    return new Promise((resolve) => {
      const told = (at: number): void => {
        see();
        resolve(at);
      };
      this.#waiting.push({ text, count, told });
    });
  }
}
