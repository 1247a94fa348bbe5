import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import { isPrivate } from "../link/defaults.ts";
import type { Environment } from "../link/environment.ts";
import { encodeRelayPreface } from "../link/handshake-frames.ts";
import { FIRST_DIALLED_PORT, NEVER_DIALLED } from "../link/never-dialled.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { RoomMember } from "./member.ts";
import type { Passes } from "./passes.ts";

export interface DialBackOptions {
  readonly clock: Clock;
  readonly dial: Environment["dial"];
  readonly passes: Passes;
  /** That member can be reached from outside, as is known from now on. */
  readonly reached: (member: RoomMember) => void;
  readonly limits?: Limits["room"] | undefined;
}

/** From a dial in vain to the next one, if somebody is to talk to that member: the first time, twice as much each time, the longest. */
const AGAIN_MS = 10_000;
const LONGEST_MS = 600_000;

interface Call {
  readonly pass: Uint8Array;
  readonly over: AbortController;
  timer: Timer;
  pipe: Pipe | undefined;
}

/**
 * Learns whether a member's listener can be reached from outside: dials it after its join, at the address that the Room sees, and shows a pass that only this member
 * knows. When the member says that the pass came, others are told of that address. A dial in vain says little: a machine was busy, a packet was lost, a port is opened
 * later. So there is another one when somebody is to talk to that member, but more and more seldom.
 */
export class DialBack {
  readonly #options: DialBackOptions;
  readonly #limits: Limits["room"];
  readonly #waiting = new Set<RoomMember>();
  readonly #calls = new Map<RoomMember, Call>();
  /** Those that were dialled in vain. */
  readonly #failures = new Map<RoomMember, { readonly count: number; readonly at: number }>();
  #isClosed = false;

  constructor(options: DialBackOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_LIMITS.room;
  }

  /** A member came. Those whose address no stranger can reach are not dialled. */
  joined(member: RoomMember): void {
    const { host } = member.link.remote;
    if (isPrivate(host) || NEVER_DIALLED.has(host) || member.port < FIRST_DIALLED_PORT) return;
    this.#waiting.add(member);
    this.#next();
  }

  /** Somebody is to talk to a member: one that was dialled in vain is dialled again, if that was long ago. */
  wanted(member: RoomMember): void {
    const failure = this.#failures.get(member);
    if (failure === undefined || this.#calls.has(member)) return;
    const waitMs = Math.min(LONGEST_MS, AGAIN_MS * 2 ** Math.min(failure.count - 1, 10));
    if (this.#options.clock.now() - failure.at < waitMs) return;
    this.#waiting.add(member);
    this.#next();
  }

  /** A member left. */
  forget(member: RoomMember): void {
    this.#failures.delete(member);
    this.#waiting.delete(member);
    this.#end(member);
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    this.#failures.clear();
    for (const member of this.#calls.keys()) this.#end(member);
  }

  #next(): void {
    for (const member of this.#waiting) {
      if (this.#isClosed || this.#calls.size >= this.#limits.dialBacks) return;
      this.#waiting.delete(member);
      this.#call(member);
    }
  }

  #call(member: RoomMember): void {
    const pass = this.#options.passes.issue({ member, called: () => this.#settle(member, true) });
    if (pass === undefined) return;
    const over = new AbortController();
    const call: Call = { pass, over, timer: this.#late(member), pipe: undefined };
    this.#calls.set(member, call);
    member.tellSealed({ type: "call", pass });
    // Its listener takes a pass that it does not expect yet for garbage: the answer says that it has read what comes on its way.
    void member.link.ping(this.#limits.dialBackMs).then((rttMs) => {
      if (rttMs !== undefined && this.#calls.get(member) === call) this.#dial(member, call);
    });
  }

  #dial(member: RoomMember, call: Call): void {
    const { host } = member.link.remote;
    this.#goOn(member, call);
    this.#options.dial({ host, port: member.port, signal: call.over.signal }).then(
      (pipe) => {
        if (this.#calls.get(member) !== call) return pipe.destroy();
        call.pipe = pipe;
        this.#goOn(member, call);
        pipe.start({ data() {}, drain() {}, end() {} });
        pipe.write([encodeRelayPreface(call.pass)]);
      },
      () => {
        if (this.#calls.get(member) === call) this.#settle(member, false);
      },
    );
  }

  /** The next step has as much time as the one before. */
  #goOn(member: RoomMember, call: Call): void {
    call.timer.cancel();
    call.timer = this.#late(member);
  }

  #late(member: RoomMember): Timer {
    return this.#options.clock.after(this.#limits.dialBackMs, () => this.#settle(member, false), { hold: false });
  }

  #settle(member: RoomMember, isReachable: boolean): void {
    member.isReachable = isReachable;
    if (isReachable) this.#failures.delete(member);
    else {
      const count = (this.#failures.get(member)?.count ?? 0) + 1;
      this.#failures.set(member, { count, at: this.#options.clock.now() });
    }
    this.#end(member);
    if (isReachable) this.#options.reached(member);
  }

  #end(member: RoomMember): void {
    const call = this.#calls.get(member);
    if (call === undefined) return;
    this.#calls.delete(member);
    this.#options.passes.revoke(call.pass);
    call.timer.cancel();
    call.over.abort();
    call.pipe?.destroy();
    this.#next();
  }
}
