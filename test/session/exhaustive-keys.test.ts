import { expect, test } from "vitest";
import { soak } from "../support/seeded.ts";
import { type Side, type SimLink, SIDES } from "./world-parts.ts";
import { RULES, type Rules, VARIANTS } from "./world-rules.ts";
import { settle } from "./world-schedule.ts";
import { World } from "./world.ts";

/**
 * Every order of events, up to a depth, of two processes that come to links by introductions and by the keys of their sessions: each packet may arrive, links break and
 * lose what is on its way, a process starts again, a window passes, a third one copies the ends. From every state peace must follow (I4).
 */
interface Case {
  readonly name: string;
  readonly depth: number;
  /** How often each event may come; at most two links live at a time. */
  readonly most: Readonly<Record<Exclude<Event[0], "deliver">, number>>;
}

type Event = readonly [
  what: "introduce" | "cross" | "resume" | "cut" | "restart" | "expire" | "intrude" | "deliver",
  side: Side,
  link: number,
];

const DEEPER = Math.round(Math.log10(soak(1)));
const CASES: readonly Case[] = [
  {
    name: "introductions, keys and a lost CONFIRM",
    depth: 11 + DEEPER,
    most: { introduce: 2, cross: 1, resume: 2, cut: 2, restart: 0, expire: 1, intrude: 0 },
  },
  {
    name: "a restart and an intruder",
    depth: 9 + DEEPER,
    most: { introduce: 2, cross: 0, resume: 1, cut: 1, restart: 1, expire: 1, intrude: 1 },
  },
];

function happen(world: World, [what, side, at]: Event): void {
  const { dials, processes, links } = world;
  const link = links[at];
  const [introduction] = dials.introductions;
  if (what === "introduce") dials.introduce(side);
  else if (what === "cross" && introduction !== undefined) dials.dialIntroduced(side, introduction);
  else if (what === "resume") dials.want(side);
  else if (what === "cut" && link !== undefined) world.cut(link, () => 0);
  else if (what === "restart") world.restart(side, false, () => true);
  else if (what === "expire") world.expire(processes[side]);
  else if (what === "intrude") dials.intrude(side);
  else if (link !== undefined) world.deliver(link, side);
  world.forgetDeadLinks();
  world.check();
}

function replay(path: readonly Event[], rules: Rules, who: Side): World {
  const world = new World({ int: () => who, once: () => false }, rules);
  for (const event of path) happen(world, event);
  return world;
}

/** What may happen next. */
function events(world: World, path: readonly Event[], { most }: Case): Event[] {
  const list: Event[] = [];
  const may = (what: Exclude<Event[0], "deliver">): boolean =>
    path.filter((event) => event[0] === what).length < most[what];
  const hasRoom = world.links.length < 2;
  for (const side of SIDES) {
    const { session } = world.processes[side];
    if (hasRoom && may("introduce")) list.push(["introduce", side, 0]);
    if (hasRoom && may("cross") && world.dials.introductions[0]?.dialled[side] === false) list.push(["cross", side, 0]);
    if (hasRoom && may("resume") && session !== undefined) list.push(["resume", side, 0]);
    if (may("restart")) list.push(["restart", side, 0]);
    if (may("expire") && session?.alone === true) list.push(["expire", side, 0]);
    if (may("intrude") && session !== undefined) list.push(["intrude", side, 0]);
  }
  for (const [at, { toward, gone }] of world.links.entries()) {
    for (const side of SIDES) if (toward[side].length > 0) list.push(["deliver", side, at]);
    if (may("cut") && !gone[0] && !gone[1]) list.push(["cut", 0, at]);
  }
  return list;
}

/** Two worlds of one text go on alike. */
function textOf(world: World): string {
  const processes = world.processes.map(({ binding, session, address }) => [
    address,
    binding.end.incarnation[11],
    binding.end.epoch,
    session && [
      session.mine.epoch,
      session.them.incarnation[11],
      session.them.epoch,
      session.alone,
      session.introduction?.id,
      session.machine.attachments,
      session.keys,
      session.machine.links,
    ],
  ]);
  const links = world.links.map((link) => [
    link.id,
    link.initiator,
    link.made.type,
    link.gone,
    ...packets(world, link),
  ]);
  return JSON.stringify([processes, links, world.dials.introductions.map(({ id, dialled }) => [id, dialled])]);
}

function packets(world: World, { toward, handshakes }: SimLink): unknown[] {
  return SIDES.map((side) => {
    const { binding } = world.processes[side];
    const started = handshakes[side];
    return [
      started && [started.mine.epoch, started.startedAt > (binding.session?.boundAt ?? 0)],
      toward[side].map((packet) => [
        packet.type,
        "end" in packet && [packet.end.incarnation[11], packet.end.epoch],
        "bytes" in packet && Buffer.from(packet.bytes).toString("hex"),
      ]),
    ];
  });
}

/** Goes through all orders, the shorter ones first. Throws at the first state that breaks a rule, or from which no peace follows. */
function search(one: Case): { readonly states: number; readonly steps: number } {
  const seen = new Set<string>();
  let level: (readonly Event[])[] = [[]];
  let steps = 0;
  for (let depth = 0; depth < one.depth; depth++) {
    const next: typeof level = [];
    for (const path of level) {
      for (const event of events(replay(path, RULES, 0), path, one)) {
        const longer = [...path, event];
        steps++;
        try {
          const text = `${countsOf(longer)} ${textOf(replay(longer, RULES, 0))}`;
          if (seen.has(text)) continue;
          seen.add(text);
          settle(replay(longer, RULES, seen.size % 2 === 0 ? 0 : 1)); // either side dials first
        } catch (error) {
          throw new Error(`after ${longer.map(nameOf).join(", ")}: ${(error as Error).message}`, { cause: error });
        }
        next.push(longer);
      }
    }
    level = next;
  }
  return { states: seen.size, steps };
}

/** How often what happened: that much less may happen from here on. */
function countsOf(path: readonly Event[]): string {
  return path
    .map(([what]) => (what === "deliver" ? "" : what))
    .toSorted((a, b) => a.localeCompare(b))
    .join("");
}

function nameOf([what, side, at]: Event): string {
  return what === "deliver"
    ? `link ${at} delivers to ${side}`
    : what === "cut"
      ? `link ${at} is cut`
      : `${what} ${side}`;
}

test.each(CASES)(
  "every order of $depth events, $name, keeps the invariants and comes to peace",
  {
    timeout: soak(60_000),
  },
  (one) => {
    const { states, steps } = search(one);
    console.log(`${one.name}: ${states} states, ${steps} steps, depth ${one.depth}`);
    expect(states).toBeGreaterThan(20_000);
  },
);

test("a CONFIRM that is lost is what the rule of the unconfirmed session is for: without it the two never meet again", () => {
  const path: Event[] = [
    ["introduce", 0, 0],
    ["deliver", 1, 0], // HELLO
    ["deliver", 0, 0], // REPLY: this side has a session, and sends CONFIRM
    ["cut", 0, 0],
  ];
  const without = VARIANTS.find(({ name }) => name.startsWith("an introduction does not join"));
  if (without === undefined) throw new Error("there is no such variant");
  for (const who of SIDES) {
    settle(replay(path, RULES, who));
    expect(() => settle(replay(path, without.rules, who))).toThrow("I4: it took 13 handshakes");
  }
});

/** An introduction, up to the session of side 0. */
function begun(link: number): Event[] {
  return [
    ["introduce", 0, 0],
    ["deliver", 1, link], // HELLO
    ["deliver", 0, link], // REPLY
  ];
}

test("a CONFIRM that comes after three more introductions makes a session whose key is the oldest of four: it must still be held", () => {
  const path: Event[] = [
    ...begun(0), // its CONFIRM is late
    ...[1, 2, 3].flatMap((link): Event[] => [...begun(link), ["cut", 0, link]]),
    ["deliver", 1, 0], // CONFIRM
    ["deliver", 1, 0], // ATTACH: from now on the other side takes no introduction
  ];
  const without = VARIANTS.find(({ name }) => name.startsWith("only the three newest keys"));
  if (without === undefined) throw new Error("there is no such variant");
  for (const who of SIDES) {
    settle(replay(path, RULES, who));
    expect(() => settle(replay(path, without.rules, who))).toThrow("I4: it took 13 handshakes");
  }
});
