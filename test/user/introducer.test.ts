import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Path } from "../../src/schema/peer-types.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Candidate, Ticket } from "../../src/wire/room-messages.ts";
import { Introducer, type IntroducerOptions } from "../../src/user/introducer.ts";
import { KeptLog, turns } from "../link/parties.ts";

const { roundMs } = DEFAULT_LIMITS.user;
/** From an introduction to the dials, for who asked. */
const SECOND_MS = 250;

/** The Room, where its address is known: a HELLO for a relayed link goes along with what is asked of it. */
function roomThat(send: (message: { ticketId: Uint8Array }) => void): unknown {
  return { link: {}, remote: { host: "192.0.2.1", port: 2_428 }, send };
}

/** An introducer of a program that knows nobody; the `parts` are what a test is about. */
function introducerWith({
  clock = new ManualClock(),
  dial = () => new Promise(() => {}),
  table,
  ...parts
}: {
  clock?: ManualClock;
  dial?: (to: { host: string; port: number }) => Promise<never>;
  table: object;
  room: unknown;
  paths?: object;
}): Introducer {
  const introducer = new Introducer({
    environment: environmentWith({ clock, dial }, undefined),
    log: new KeptLog(),
    table: { isLinked: () => false, isWanted: () => false, isMadeBy: () => false, isOpen: () => false, ...table },
    roster: { has: () => true },
    tickets: { add: () => true, reachableAt: () => {}, isGood: () => true },
    links: { answer: () => new Promise(() => {}), needsKey: () => false },
    paths: { begin: () => () => {} },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
    ...parts,
  } as unknown as IntroducerOptions);
  onTestFinished(() => introducer.close());
  return introducer;
}

function ticketOf(parts: Partial<Ticket>): Ticket {
  return {
    type: "ticket",
    ticketId: new Uint8Array(16),
    secret: new Uint8Array(32),
    name: "Bar",
    kind: undefined,
    candidates: [],
    expiresMs: 1_000,
    hello: undefined,
    pass: undefined,
    ...parts,
  };
}

test("refused identities are counted while calls wait, and forgotten with the last of them: names are others' to choose", () => {
  const clock = new ManualClock();
  let isWanted = true;
  const asked: number[] = [];
  const introducer = introducerWith({
    clock,
    table: { isWanted: () => isWanted },
    room: { link: {}, send: () => asked.push(clock.now()) },
  });
  const waitAfterRefusal = (): number => {
    const from = clock.now();
    asked.length = 0;
    introducer.refused("Bar", "it shows none");
    for (let ms = 0; ms < 20_000 && asked.length === 0; ms += 100) clock.advance(100);
    return (asked[0] ?? Infinity) - from;
  };
  expect([waitAfterRefusal(), waitAfterRefusal()]).toEqual([2 * roundMs, 4 * roundMs]);
  isWanted = false;
  expect(waitAfterRefusal()).toBe(Infinity);
  isWanted = true;
  expect(waitAfterRefusal()).toBe(2 * roundMs);
});

/** What is tried when the Room introduces a peer that is reached over a path already. */
async function triedBeside(now: Path, hello: Uint8Array | undefined): Promise<unknown[]> {
  const tried: unknown[] = [];
  let doubts = 0;
  const introducer = introducerWith({
    table: { isLinked: () => true, path: () => now, doubt: () => doubts++ },
    room: roomThat(() => {}),
    paths: { begin: (_peer: string, path: Path) => (tried.push(path), () => {}) },
  });
  introducer.ticket(
    ticketOf({
      candidates: [{ host: "192.0.2.9", port: 5_000, path: "public" }],
      hello,
      pass: hello && new Uint8Array(16),
    }),
  );
  await turns();
  introducer.close();
  expect(doubts).toBe(hello === undefined ? 0 : 1);
  return tried;
}

test("beside a path no worse ones are tried, but for a relay: who wishes for that has lost the other end", async () => {
  const hello = new Uint8Array(16);
  expect(await triedBeside("relay", undefined)).toEqual(["public"]);
  expect(await triedBeside("public", undefined)).toEqual([]);
  expect(await triedBeside("lan", undefined)).toEqual([]);
  expect(await triedBeside("relay", hello)).toEqual(["public", "relay"]);
  expect(await triedBeside("lan", hello)).toEqual(["relay"]);
});

const candidatesIn = (net: number): Candidate[] =>
  Array.from({ length: 7 }, (_, at) => ({ host: `10.0.${net}.${at}`, port: 5_000, path: "lan" }));

test("a peer that has other addresses all the time makes nobody dial for ever: each once in an introduction, and 16 at the most", async () => {
  const dialled: string[] = [];
  const dial = (host: string): Promise<never> => {
    dialled.push(host);
    return new Promise(() => {});
  };
  const introducer = introducerWith({ table: {}, room: roomThat(() => {}), dial: ({ host }) => dial(host) });
  const ticketId = new Uint8Array(16);
  introducer.ticket(ticketOf({ ticketId, candidates: candidatesIn(0) }));
  for (let n = 0; n < 100; n++)
    introducer.candidates({ type: "candidates", ticketId, candidates: candidatesIn(n < 50 ? n % 2 : n) });
  await turns();
  expect(dialled).toHaveLength(16);
  expect(new Set(dialled).size).toBe(16);
  expect(dialled.slice(7, 14)).toEqual(candidatesIn(1).map(({ host }) => host)); // where it has moved to
});

test("others that make this program dial all the time do not keep it from the holes that it asked for itself", async () => {
  const dialled: number[] = [];
  const asked: Uint8Array[] = [];
  const introducer = introducerWith({
    dial: ({ port }) => {
      dialled.push(port);
      return new Promise(() => {});
    },
    table: { isLinked: () => true, needsLink: () => false, path: () => "relay" },
    room: roomThat(({ ticketId }) => asked.push(ticketId)),
  });
  const probe = (ticketId: Uint8Array): void =>
    introducer.probe({ type: "probe", ticketId, passes: [ticketId, ticketId], port: 2_429 });
  const { unaskedBurst } = DEFAULT_LIMITS.user;
  for (let n = 0; n <= unaskedBurst; n++) {
    const ticketId = new Uint8Array(16).fill(n + 1);
    introducer.ticket(ticketOf({ ticketId, name: `Evil${n}` }));
    probe(ticketId);
  }
  const before = dialled.length;
  expect(before).toBeLessThan(unaskedBurst);
  introducer.improve("Bar");
  probe(asked.at(-1) as Uint8Array);
  await turns();
  expect(dialled.length).toBe(before + 1);
});

test("a look for a better path leaves alone what was asked for to reach a peer at all", () => {
  let needsLink = true;
  let asked = 0;
  const introducer = introducerWith({
    table: { isLinked: () => !needsLink, needsLink: () => needsLink, path: () => "relay" },
    room: { link: {}, send: () => asked++ },
  });
  introducer.reach("Bar");
  expect([introducer.improve("Bar"), asked]).toEqual([undefined, 1]);
  needsLink = false;
  expect(introducer.improve("Bar")).toBeDefined();
  expect(asked).toBe(2);
});

for (const isForAny of [false, true])
  test(`a round that ends ${isForAny ? "leaves alone what still goes on" : "asks for a link that is needed, though a look for a better path goes on"}`, async () => {
    const clock = new ManualClock();
    let needsLink = isForAny;
    const asked: Uint8Array[] = [];
    const send = ({ type, ticketId }: { type: string; ticketId: Uint8Array }): void => {
      if (type === "introduce") asked.push(ticketId);
    };
    const introducer = introducerWith({
      clock,
      table: {
        isLinked: () => !needsLink,
        needsLink: () => needsLink,
        isWanted: () => needsLink,
        path: () => "relay",
      },
      room: { link: {}, check: () => {}, send },
    });
    if (isForAny) introducer.reach("Bar");
    else introducer.improve("Bar");
    const ticketId = asked[0] as Uint8Array;
    introducer.introduced({ type: "introduced", ticketId, candidates: candidatesIn(0), pass: undefined });
    clock.advance(SECOND_MS);
    await turns();
    if (!isForAny) introducer.began("Bar");
    needsLink = true;
    introducer.linkNeeded("Bar");
    clock.advance(roundMs - 1);
    await turns();
    expect(asked.length).toBe(1);
    clock.advance(1);
    await turns();
    expect(asked.length).toBe(isForAny ? 1 : 2);
  });
