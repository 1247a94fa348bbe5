import { expect, test } from "vitest";
import { type Action, Machine } from "../../src/session/machine.ts";
import { soak } from "../support/seeded.ts";

/**
 * Every order of events, up to a depth, of small cases: two ends, two links, three bytes, a window of two. Each link can be proven at either end at any time, carry, be
 * suspected, and break with or without what is on its way. States that were seen before are not gone into again.
 */
interface Case {
  name: string;
  depth: number;
  /** How much each side has to say. */
  bytes: readonly [number, number];
  /** Link 0 is proven and attached at both ends from the start. */
  begun: boolean;
  without: readonly Event[0][];
}

const DEEPER = Math.round(Math.log10(soak(1)) * 2);
const CASES: Case[] = [
  { name: "from nothing, both ways", depth: 7 + DEEPER, bytes: [2, 1], begun: false, without: [] },
  { name: "from one link, one way", depth: 14 + DEEPER, bytes: [3, 0], begun: true, without: ["suspect", "breakLate"] },
  {
    name: "from one link, both ways, late arrivals",
    depth: 8 + DEEPER,
    bytes: [2, 1],
    begun: true,
    without: ["suspect", "break"],
  },
];

const LIMITS = { windowBytes: 2, links: 2 };
const SIDES = [0, 1] as const;
type Side = (typeof SIDES)[number];

interface Link {
  proven: [boolean, boolean];
  gone: [boolean, boolean];
  broken: boolean;
  /** Records on their way to each side; undefined: the end of the link. */
  toward: [(Uint8Array | undefined)[], (Uint8Array | undefined)[]];
}

interface State {
  bytes: readonly [number, number];
  machines: [Machine, Machine];
  links: Link[];
  delivered: [string, string];
}

type Event = readonly [
  what: "prove" | "flush" | "deliver" | "break" | "breakLate" | "suspect",
  side: Side,
  link: number,
];

function emptyLink(): Link {
  return { proven: [false, false], gone: [false, false], broken: false, toward: [[], []] };
}

function begin({ bytes, begun }: Case): State {
  const state: State = {
    bytes,
    machines: [new Machine(LIMITS, true), new Machine(LIMITS, false)],
    links: [emptyLink(), emptyLink()],
    delivered: ["", ""],
  };
  if (begun) {
    for (const side of SIDES) happen(state, ["prove", side, 0]);
    for (const side of SIDES) happen(state, ["deliver", side, 0]);
  }
  return state;
}

function copyMachine(machine: Machine): Machine {
  const twin = new Machine(LIMITS, machine.closesLinks);
  const { out, links, cur, ...plain } = machine;
  Object.assign(twin, plain);
  Object.assign(twin.out, out, { chunks: [...out.chunks], offsets: [...out.offsets] });
  twin.links = links.map((link) => ({ ...link }));
  twin.cur = twin.links.find((link) => link.id === cur?.id);
  return twin;
}

function copy(state: State): State {
  return {
    bytes: state.bytes,
    machines: [copyMachine(state.machines[0]), copyMachine(state.machines[1])],
    links: state.links.map((link) => ({
      proven: [...link.proven],
      gone: [...link.gone],
      broken: link.broken,
      toward: [[...link.toward[0]], [...link.toward[1]]],
    })),
    delivered: [...state.delivered],
  };
}

function keyOf({ machines, links }: State): string {
  const parts = machines.map(({ acked, committed, recv, told, links: known, cur, heard }) =>
    [acked, committed, recv, told, heard, cur?.id, ...known.map((one) => Object.values(one).join())].join(),
  );
  for (const { proven, gone, broken, toward } of links) {
    const records = toward.map((list) =>
      list.map((one) => (one === undefined ? "fin" : Buffer.from(one).toString("hex"))).join(),
    );
    parts.push([...proven, ...gone, broken, ...records].join(";"));
  }
  return parts.join("|");
}

/** The byte of a side's stream at an offset. */
function letter(side: Side, offset: number): number {
  return (side === 0 ? 97 : 65) + offset;
}

function textBefore(side: Side, offset: number): string {
  return String.fromCharCode(...Array.from({ length: offset }, (_, at) => letter(side, at)));
}

function perform(state: State, side: Side, actions: readonly Action[], isRecord: boolean): void {
  for (const action of actions) {
    if (action.type === "deliver") state.delivered[side] += Buffer.from(action.bytes).toString("latin1");
    else if (action.type === "send") sendOn(state.links[action.link] as Link, side, Buffer.concat(action.parts));
    else if (action.type === "close" || (action.type === "destroy" && !isRecord)) {
      const link = state.links[action.link] as Link;
      link.gone[side] = true;
      sendOn(link, side, undefined);
    } else if (action.type !== "alone") throw new Error(`I3: ${JSON.stringify(action)}`);
  }
}

function sendOn(link: Link, from: Side, record: Uint8Array | undefined): void {
  const to = from === 0 ? 1 : 0;
  if (!link.broken && !link.gone[to]) link.toward[to].push(record);
}

function happen(state: State, [what, side, at]: Event): void {
  const machine = state.machines[side];
  const link = state.links[at] as Link;
  switch (what) {
    case "prove":
      link.proven[side] = true;
      return perform(state, side, machine.linkProven(at, 0), false);
    case "flush":
      return perform(
        state,
        side,
        machine.flush(
          { pull: (_room, offset) => (offset < state.bytes[side] ? [Uint8Array.of(letter(side, offset))] : []) },
          true,
        ),
        false,
      );
    case "deliver": {
      const record = link.toward[side].shift();
      if (record === undefined) link.gone[side] = true;
      return perform(state, side, record === undefined ? machine.linkLost(at) : machine.record(at, record), true);
    }
    case "suspect":
      return perform(state, side, machine.linkSuspect(at, true), false);
    default:
      link.broken = true;
      for (const toward of link.toward) {
        if (what === "break") toward.length = 0;
        toward.push(undefined);
      }
  }
}

function events(state: State): Event[] {
  const list: Event[] = [];
  for (const side of SIDES) {
    list.push(["flush", side, 0]);
    for (const [at, link] of state.links.entries()) {
      if (!link.proven[side] && !link.broken && !link.gone[side]) list.push(["prove", side, at]);
      // A record that arrives before its end is proven waits; a broken link that never was is nothing.
      if (link.toward[side].length > 0 && link.proven[side] && !link.gone[side]) list.push(["deliver", side, at]);
      if (state.machines[side].links.some((one) => one.id === at && !one.suspect)) list.push(["suspect", side, at]);
    }
  }
  for (const [at, link] of state.links.entries()) {
    if (!link.broken && (link.proven[0] || link.proven[1])) list.push(["break", 0, at], ["breakLate", 0, at]);
  }
  return list;
}

function check({ machines, delivered }: State): void {
  for (const side of SIDES) {
    const peer = machines[side === 0 ? 1 : 0];
    const { acked, committed, recv, out } = machines[side];
    if (delivered[side] !== textBefore(side === 0 ? 1 : 0, recv))
      throw new Error(`I1: "${delivered[side]}" was delivered`);
    if (!(acked <= peer.recv && peer.recv <= committed && committed - acked <= LIMITS.windowBytes))
      throw new Error("I2");
    const kept = acked === committed ? "" : Buffer.concat(out.slice(acked, 10)).toString("latin1");
    if (textBefore(side, acked) + kept !== textBefore(side, committed)) throw new Error("I2: out");
  }
}

/** I4: from here on nothing fails, and one more link comes: everything arrives. */
function settle(from: State): void {
  const state = copy(from);
  const fresh = state.links.push(emptyLink()) - 1;
  for (const link of state.links.slice(0, fresh)) {
    if (!link.broken) happen(state, ["break", 0, state.links.indexOf(link)]);
  }
  for (const side of SIDES) happen(state, ["prove", side, fresh]);
  for (let moves = 0, left = true; left; moves++) {
    if (moves > 20) throw new Error("I4: it does not come to rest");
    const before = keyOf(state);
    for (const side of SIDES) {
      happen(state, ["flush", side, 0]);
      for (const [at, link] of state.links.entries()) {
        while (link.toward[side].length > 0 && link.proven[side] && !link.gone[side])
          happen(state, ["deliver", side, at]);
      }
    }
    left = keyOf(state) !== before;
  }
  check(state);
  for (const side of SIDES) {
    const { acked, committed } = state.machines[side];
    if (acked !== state.bytes[side] || committed !== acked)
      throw new Error(`I4: ${acked} acknowledged of ${state.bytes[side]}`);
  }
}

test.each(CASES)(
  "every order of $depth events, $name, keeps the invariants, and every state can settle",
  { timeout: soak(30_000) },
  (one) => {
    const seen = new Set<string>();
    let level: { state: State; path: readonly Event[] }[] = [{ state: begin(one), path: [] }];
    let steps = 0;
    for (let depth = 0; depth < one.depth; depth++) {
      const next: typeof level = [];
      for (const { state, path } of level) {
        for (const event of events(state)) {
          if (one.without.includes(event[0])) continue;
          const after = copy(state);
          steps++;
          try {
            happen(after, event);
            const key = keyOf(after);
            if (seen.has(key)) continue;
            seen.add(key);
            check(after);
            if (seen.size % 10 === 0) settle(after);
            next.push({ state: after, path: [...path, event] });
          } catch (error) {
            throw new Error(`after ${JSON.stringify([...path, event])}: ${(error as Error).message}`, { cause: error });
          }
        }
      }
      level = next;
    }
    console.log(`${one.name}: ${seen.size} states, ${steps} steps, depth ${one.depth}`);
    expect(seen.size).toBeGreaterThan(5_000);
  },
);
