import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Path } from "../../src/schema/peer-types.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Candidate } from "../../src/wire/room-messages.ts";
import { Introducer, type IntroducerOptions } from "../../src/user/introducer.ts";
import { KeptLog, turns } from "../link/parties.ts";

const { roundMs } = DEFAULT_LIMITS.user;

test("refused identities are counted while calls wait, and forgotten with the last of them: names are others' to choose", () => {
  const clock = new ManualClock();
  let isWanted = true;
  const asked: number[] = [];
  const introducer = new Introducer({
    environment: environmentWith({ clock }, undefined),
    log: new KeptLog(),
    table: { isLinked: () => false, isWanted: () => isWanted },
    roster: { has: () => true },
    room: { link: {}, send: () => asked.push(clock.now()) },
    tickets: { add: () => true },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
  } as unknown as IntroducerOptions);
  onTestFinished(() => introducer.close());
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
  const introducer = new Introducer({
    environment: environmentWith({ clock: new ManualClock(), dial: () => new Promise(() => {}) }, undefined),
    log: new KeptLog(),
    table: {
      isLinked: () => true,
      isWanted: () => false,
      isKnown: () => false,
      isOpen: () => false,
      path: () => now,
      doubt: () => doubts++,
    },
    roster: { has: () => true },
    room: { link: {}, remote: { host: "192.0.2.1", port: 2_428 }, send: () => {} },
    tickets: { add: () => true, reachableAt: () => {} },
    links: { answer: () => new Promise(() => {}) },
    paths: { begin: (_peer: string, path: Path) => (tried.push(path), () => {}) },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
  } as unknown as IntroducerOptions);
  const sixteen = new Uint8Array(16);
  introducer.ticket({
    type: "ticket",
    ticketId: sixteen,
    secret: new Uint8Array(32),
    name: "Bar",
    kind: undefined,
    candidates: [{ host: "192.0.2.9", port: 5_000, path: "public" }],
    expiresMs: 1_000,
    hello,
    pass: hello && sixteen,
  });
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
  const introducer = new Introducer({
    environment: environmentWith({ clock: new ManualClock(), dial: ({ host }) => dial(host) }, undefined),
    log: new KeptLog(),
    table: { isLinked: () => false, isWanted: () => false, isKnown: () => false, isOpen: () => false },
    roster: { has: () => true },
    room: { link: {}, remote: { host: "192.0.2.1", port: 2_428 }, send: () => {} },
    tickets: { add: () => true, reachableAt: () => {}, isGood: () => true },
    paths: { begin: () => () => {} },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
  } as unknown as IntroducerOptions);
  onTestFinished(() => introducer.close());
  const ticketId = new Uint8Array(16);
  introducer.ticket({
    type: "ticket",
    ticketId,
    secret: new Uint8Array(32),
    name: "Bar",
    kind: undefined,
    candidates: candidatesIn(0),
    expiresMs: 1_000,
    hello: undefined,
    pass: undefined,
  });
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
  const introducer = new Introducer({
    environment: environmentWith(
      {
        clock: new ManualClock(),
        dial: ({ port }) => {
          dialled.push(port);
          return new Promise(() => {});
        },
      },
      undefined,
    ),
    log: new KeptLog(),
    table: { isLinked: () => true, needsLink: () => false, isWanted: () => false, path: () => "relay" },
    roster: { has: () => true },
    room: {
      link: {},
      remote: { host: "192.0.2.1", port: 2_428 },
      send: (message: { ticketId: Uint8Array }) => asked.push(message.ticketId),
    },
    tickets: { add: () => true, reachableAt: () => {} },
    paths: { begin: () => () => {} },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
  } as unknown as IntroducerOptions);
  onTestFinished(() => introducer.close());
  const probe = (ticketId: Uint8Array): void =>
    introducer.probe({ type: "probe", ticketId, passes: [ticketId, ticketId], port: 2_429 });
  const { unaskedBurst } = DEFAULT_LIMITS.user;
  for (let n = 0; n <= unaskedBurst; n++) {
    const ticketId = new Uint8Array(16).fill(n + 1);
    const [secret, name] = [new Uint8Array(32), `Evil${n}`];
    introducer.ticket({
      type: "ticket",
      ticketId,
      secret,
      name,
      kind: undefined,
      candidates: [],
      expiresMs: 1_000,
      hello: undefined,
      pass: undefined,
    });
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
  const introducer = new Introducer({
    environment: environmentWith({ clock: new ManualClock() }, undefined),
    log: new KeptLog(),
    table: { isLinked: () => !needsLink, needsLink: () => needsLink, isWanted: () => false, path: () => "relay" },
    roster: { has: () => true },
    room: { link: {}, remote: undefined, send: () => asked++ },
    tickets: { add: () => true, reachableAt: () => {} },
    paths: { begin: () => () => {} },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
  } as unknown as IntroducerOptions);
  onTestFinished(() => introducer.close());
  introducer.reach("Bar");
  expect([introducer.improve("Bar"), asked]).toEqual([undefined, 1]);
  needsLink = false;
  expect(introducer.improve("Bar")).toBeDefined();
  expect(asked).toBe(2);
});
