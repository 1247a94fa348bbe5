import { isBefore } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { Environment } from "../link/environment.ts";
import type { PeerTable } from "../node/peer-table.ts";
import type { Path } from "../schema/peer-types.ts";
import type { Go, NoGo } from "../wire/room-messages.ts";
import type { Introduction } from "./introduction.ts";

export interface ImproverOptions {
  readonly environment: Environment;
  readonly name: string;
  readonly table: PeerTable;
  /** Asks for an introduction that is about direct paths alone. Undefined: that can't be done now. */
  readonly improve: (peer: string) => Introduction | undefined;
}

/** From one look for a better path to the next: the first one, twice as much each time, the longest. */
const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;

interface Course {
  tries: number;
  timer: Timer | undefined;
  last: Introduction | undefined;
  /** As the Room saw last, one of the two has a router that gives each destination another port. It will do so tomorrow: only another network helps. */
  isHopeless: boolean;
}

/** Looks for better paths to peers that are reached over a worse one than there may be: soon at first, then once a minute, and at once when the network has changed. */
export class Improver {
  readonly #options: ImproverOptions;
  readonly #courses = new Map<string, Course>();
  #isClosed = false;

  constructor(options: ImproverOptions) {
    this.#options = options;
  }

  /** Another link carries the session with a peer now. */
  moved(peer: string): void {
    const { name, table } = this.#options;
    const path = table.path(peer);
    const course = this.#courseOf(peer);
    if (this.#isClosed || path === undefined || !this.#hasBetter(path, course)) return this.forget(peer);
    // One side is enough; the other one looks when its own network has changed.
    if (!isBefore(name, peer)) return;
    this.#courses.set(peer, course);
    if (course.timer === undefined) this.#wait(peer, course);
  }

  /** The network has changed here, or a link to the Room is there again: better paths are looked for at once. */
  changed(): void {
    for (const peer of this.#options.table.sessions) {
      const path = this.#options.table.path(peer);
      const course = this.#courseOf(peer);
      if (path === undefined || path === "lan") continue;
      course.tries = 0;
      course.isHopeless = false;
      course.timer?.cancel();
      course.timer = undefined;
      this.#courses.set(peer, course);
      this.#look(peer, course);
    }
  }

  /** The Room said of an introduction to that peer whether there can be a hole. */
  said(peer: string, verdict: Go | NoGo): void {
    const course = this.#courses.get(peer);
    if (course === undefined) return;
    course.isHopeless = verdict.type === "noGo" && (verdict.why === "my mapping" || verdict.why === "its mapping");
    if (!course.isHopeless || course.timer === undefined) return;
    course.timer.cancel();
    this.#wait(peer, course);
  }

  /** There is no session with that peer any more, or no better path. */
  forget(peer: string): void {
    this.#courses.get(peer)?.timer?.cancel();
    this.#courses.delete(peer);
  }

  close(): void {
    this.#isClosed = true;
    for (const peer of this.#courses.keys()) this.forget(peer);
  }

  #courseOf(peer: string): Course {
    return this.#courses.get(peer) ?? { tries: 0, timer: undefined, last: undefined, isHopeless: false };
  }

  /** One that was not reachable from outside may be by now; whether the two are in one network the Room says at each introduction. */
  #hasBetter(path: Path, { last }: Course): boolean {
    if (path === "public") return last === undefined || last.hasLan;
    return path !== "lan";
  }

  #wait(peer: string, course: Course): void {
    const { clock, chance } = this.#options.environment;
    const ms = course.isHopeless ? LONGEST_MS : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(course.tries, 10));
    course.timer = clock.after(ms * (0.75 + chance() / 4), () => this.#look(peer, course), { hold: false });
  }

  #look(peer: string, course: Course): void {
    const { table, improve } = this.#options;
    course.timer = undefined;
    const path = table.path(peer);
    if (!table.isOpen(peer)) return this.forget(peer);
    if (path !== undefined) {
      if (!this.#hasBetter(path, course)) return this.forget(peer);
      const introduction = improve(peer);
      if (introduction !== undefined) {
        course.last = introduction;
        course.tries++;
      }
    }
    this.#wait(peer, course);
  }
}
