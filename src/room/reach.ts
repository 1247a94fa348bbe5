import type { AuditLog } from "../link/audit.ts";
import type { Environment } from "../link/environment.ts";
import type { Introduce, ToRoom } from "../wire/room-messages.ts";
import { DialBack } from "./dial-back.ts";
import { Introductions } from "./introductions.ts";
import type { RoomMember } from "./member.ts";
import { ownSubnets } from "./own-subnets.ts";
import { Passes } from "./passes.ts";
import { Punching } from "./punching.ts";
import { Relay, type RelayedPair } from "./relay.ts";

export interface ReachOptions {
  readonly environment: Environment;
  readonly audit: AuditLog;
  /** Whether the Room splices. */
  readonly relays: boolean;
  /** Its second port; 0: it has none. */
  readonly probePort: number;
  readonly isBarred: (host: string) => boolean;
}

/** What a member may say about reaching others, once it is in. */
export type ReachMessage = Exclude<ToRoom, { type: "join" | "introduce" }>;

/** All by which a Room helps its members to reach each other. */
export class Reach {
  readonly passes: Passes;
  readonly #introductions: Introductions;
  readonly #relay: Relay;
  readonly #dialBack: DialBack;
  readonly #punching: Punching;

  constructor({ environment, audit, relays, probePort, isBarred }: ReachOptions) {
    const { clock, random, limits, dial } = environment;
    const subnets = ownSubnets();
    const passes = new Passes(clock, random, { most: limits.relay.passes, lifeMs: limits.room.ticketMs });
    this.passes = passes;
    this.#relay = new Relay({ clock, limits: limits.relay, passes, audit });
    this.#dialBack = new DialBack({
      clock,
      dial,
      passes,
      reached: (member) => this.#introductions.learned(member),
      limits: limits.room,
    });
    this.#punching = new Punching({ clock, passes, probePort, limits: limits.room });
    this.#introductions = new Introductions({
      clock,
      subnets,
      limits: limits.room,
      isBarred,
      relay: relays ? (asker, other) => this.#relay.offer(asker, other) : undefined,
      punch: (ticketId, one, other) => this.#punching.begin(ticketId, one, other),
    });
  }

  /** Who is spliced now. */
  get relayed(): readonly RelayedPair[] {
    return this.#relay.pairs();
  }

  joined(member: RoomMember): void {
    this.#dialBack.joined(member);
  }

  /** False when the two can't be introduced. */
  introduce(asker: RoomMember, other: RoomMember, wish: Introduce): boolean {
    if (!this.#introductions.introduce(asker, other, wish)) return false;
    for (const member of [asker, other]) this.#dialBack.wanted(member);
    return true;
  }

  said(member: RoomMember, message: ReachMessage): void {
    switch (message.type) {
      case "answer":
        return this.#introductions.answer(member, message);
      case "punch":
        return this.#introductions.punch(member, message);
      case "called":
        return this.passes.called(member, message.pass);
      case "moved":
        member.moved(message.addresses);
        return this.#introductions.learned(member);
    }
  }

  /** What is spliced goes on: only the link to the Room is gone. */
  left(member: RoomMember): void {
    this.#introductions.forget(member);
    this.#dialBack.forget(member);
    this.#punching.forget(member);
  }

  /** Addresses were barred. */
  bar(isBarred: (host: string) => boolean): void {
    this.#relay.bar(isBarred);
  }

  close(): void {
    this.#introductions.close();
    this.#relay.close();
    this.#dialBack.close();
    this.#punching.close();
    this.passes.close();
  }
}
