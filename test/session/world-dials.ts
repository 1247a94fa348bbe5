import { handshakeStarted } from "../../src/session/bind.ts";
import {
  type Introduction,
  type Made,
  other,
  type Process,
  type Side,
  type SimLink,
  type SimSession,
} from "./world-parts.ts";
import type { World } from "./world.ts";

/** More dials than that, when nothing fails any more, lead nowhere. */
const MOST_REDIALS = 12;

/** How the processes of a world come to links: by the keys of their sessions, by introductions, and a third one by what it copied. */
export class Dials {
  /** Introductions of the present processes that only one of them has dialled. */
  introductions: Introduction[] = [];
  /** Who has a link that led nowhere dials again at once. */
  again = false;
  /** Dials, but for those by a key that the other side did not know, or that found nobody. */
  handshakes = 0;
  readonly #world: World;
  #lastLink = 0;
  #lastIntroduction = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** A process wants a link: by the newest key of its session, or where it has none by an introduction. */
  want(side: Side): void {
    const { session } = this.#world.processes[side];
    const key = session?.keys[0];
    if (session === undefined || key === undefined) this.introduce(side);
    else this.#dialWith(side, session, key);
  }

  #dialWith(side: Side, session: SimSession, key: number): void {
    this.#dial(side, { type: "key", key }, session.peer.address, session);
  }

  /** The Room tells the two processes of each other, and one of them dials. */
  introduce(side: Side): Introduction {
    const introduction: Introduction = {
      id: ++this.#lastIntroduction,
      holders: [this.#world.processes[0], this.#world.processes[1]],
      dialled: [false, false],
    };
    this.introductions.push(introduction);
    this.dialIntroduced(side, introduction);
    return introduction;
  }

  /** Each of the two may dial, once. */
  dialIntroduced(side: Side, introduction: Introduction): void {
    if (introduction.dialled[side]) return;
    introduction.dialled[side] = true;
    if (introduction.dialled[other(side)]) this.#forgetIntroduction(introduction);
    this.#dial(side, { type: "introduction", introduction }, introduction.holders[other(side)].address, undefined);
  }

  #forgetIntroduction(introduction: Introduction): void {
    this.introductions = this.introductions.filter((one) => one !== introduction);
  }

  #dial(side: Side, made: Made, address: number, wantedBy: SimSession | undefined): void {
    const process = this.#world.processes[side];
    const link = this.#link(side, made, address, wantedBy);
    const handshake = handshakeStarted(process.binding);
    link.processes[side] = process;
    link.handshakes[side] = handshake;
    link.toward[other(side)].push({ type: "hello", end: handshake.mine });
    this.handshakes++;
    if (this.again && this.handshakes > MOST_REDIALS) throw new Error(`I4: it took ${this.handshakes} handshakes`);
  }

  #link(initiator: Side, made: Made, address: number, wantedBy: SimSession | undefined): SimLink {
    const link: SimLink = {
      id: ++this.#lastLink,
      rank: this.#world.chance.int(3),
      initiator,
      made,
      address,
      wantedBy,
      processes: [undefined, undefined],
      toward: [[], []],
      stalled: [false, false],
      handshakes: [undefined, undefined],
      told: [undefined, undefined],
      gone: [false, false],
    };
    this.#world.links.push(link);
    return link;
  }

  /** Somebody who is neither of the two makes a link to one of them, and names the ends of its session. */
  intrude(side: Side): void {
    const { session } = this.#world.processes[side];
    if (session === undefined) return;
    this.#world.counts.intruders++;
    const process = this.#world.processes[side];
    const link = this.#link(other(side), { type: "copied" }, process.address, undefined);
    link.processes[side] = process;
    link.handshakes[side] = handshakeStarted(process.binding);
    link.told[side] = session.them;
    link.gone[other(side)] = true;
    link.toward[side].push({ type: "confirm" });
  }

  /** The peer does not know the key, or the ticket: that proves nothing, and the next way is tried. */
  refused(link: SimLink, process: Process): void {
    const { side } = process;
    const { made, wantedBy: session } = link;
    if (made.type !== "key") return;
    this.#world.counts.unknownKeys++;
    this.handshakes--;
    if (session === undefined || process.session !== session) return;
    if (this.#world.rules.refusalEnds) {
      this.#world.checkGivenUp(process);
      this.#world.end(process, "lost");
    }
    const next = session.keys[session.keys.indexOf(made.key) + 1];
    if (next !== undefined && this.#world.rules.triesEveryKey && process.session === session)
      this.#dialWith(side, session, next);
    else this.introduce(this.#world.chance.once(2) ? side : other(side));
  }

  /** Nobody listens where the peer did: its process is gone, and so is the session, unless a link is left to say otherwise. */
  nobody(link: SimLink, process: Process): void {
    const { side } = process;
    if (link.made.type === "key") this.handshakes--;
    const { session } = process;
    if (session !== undefined && link.wantedBy === session && session.machine.links.length === 0) {
      this.#world.counts.goneAtOnce++;
      this.#world.checkGivenUp(process);
      this.#world.end(process, "lost");
    }
    this.ledNowhere(side);
  }

  /** A link was proven, and destroyed. */
  ledNowhere(side: Side): void {
    if (this.again) this.want(side);
  }
}
