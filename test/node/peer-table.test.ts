import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { LinkError } from "../../src/base/errors.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { loggerOf } from "../../src/base/log.ts";
import { Registry } from "../../src/call/registry.ts";
import { AuditLog } from "../../src/link/audit.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Link, LinkEvents } from "../../src/link/link.ts";
import { PeerTable, type PeerTableOptions } from "../../src/node/peer-table.ts";
import { ATTACH, offsetFrame } from "../../src/session/frames.ts";
import { ManualClock } from "../../src/testing/index.ts";

const log = loggerOf("silent", "Foo");
const audit = new AuditLog(log, systemClock, DEFAULT_LIMITS.audit);

/** A table of Foo's, of which the `parts` are what a test is about. */
function tableWith(parts: Partial<PeerTableOptions>): PeerTable {
  return new PeerTable({
    encryption: true,
    environment: environmentWith(),
    log,
    audit,
    registry: new Registry(undefined),
    views: { peer: () => undefined, peers: () => undefined },
    reach: () => {},
    absence: () => "nobody",
    notResumed: () => {},
    closesLinks: () => true,
    ...parts,
  });
}

test("a session that its first record ends is never told as open, and does not hold up closing", async () => {
  const told: string[] = [];
  const table = tableWith({
    began: (peer) => told.push(`${peer} began`),
    ended: (peer) => told.push(`${peer} ended`),
  });
  const link: Partial<Link> = {
    remoteName: "Mallory",
    remote: { host: "127.0.0.1", port: 1 },
    local: { host: "127.0.0.1", port: 2 },
    purpose: 3,
    localEnd: table.endFor("Mallory"),
    remoteEnd: new Uint8Array(16),
    writable: true,
    start: (events: LinkEvents) => events.data(Uint8Array.of(9, 9, 9)),
    send: () => {},
    close: () => {},
    destroy: () => {},
  };
  table.linkProven(link as Link);
  expect(table.isOpen("Mallory")).toBe(false);
  expect(told).toEqual(["Mallory ended"]);
  const began = performance.now();
  await table.close("Foo is closing", 3_000);
  expect(performance.now() - began).toBeLessThan(1_000);
});

test("a link that is proven while its user leaves begins nothing", async () => {
  const table = tableWith({});
  const localEnd = table.endFor("Bar");
  const closing = table.close("Foo is closing", 50);
  const codes: (number | undefined)[] = [];
  const link: Partial<Link> = {
    remoteName: "Bar",
    remote: { host: "127.0.0.1", port: 1 },
    local: { host: "127.0.0.1", port: 2 },
    localEnd,
    close: (code) => codes.push(code),
  };
  table.linkProven(link as Link);
  await closing;
  expect(codes).toEqual([13]);
  expect(table.open).toEqual([]);
});

test("a link with another identity than the session's first one joins it by no ticket and no key", async () => {
  const table = tableWith({});
  const ended: (string | undefined)[] = [];
  const linkOf = (purpose: 3 | 5, identity: string | undefined): Partial<Link> => ({
    remoteName: "Bar",
    remote: { host: "127.0.0.1", port: 1 },
    local: { host: "127.0.0.1", port: 2 },
    purpose,
    identity,
    ticketId: new Uint8Array(16),
    localEnd: table.endFor("Bar"),
    remoteEnd: new Uint8Array(16),
    writable: true,
    isOpen: true,
    start: () => {},
    send: () => {},
    ping: () => Promise.resolve(1),
    close: () => {},
    destroy: () => ended.push(identity),
  });
  table.linkProven(linkOf(3, "id:one") as Link);
  expect(table.identity("Bar")).toBe("id:one");
  for (const [purpose, identity] of [
    [3, "id:two"],
    [5, "id:two"],
    [3, undefined],
  ] as const)
    table.linkProven(linkOf(purpose, identity) as Link);
  expect(ended).toEqual(["id:two", "id:two", undefined]);
  table.linkProven(linkOf(3, "id:one") as Link);
  expect(ended.length).toBe(3);
  expect(table.identity("Bar")).toBe("id:one");
  await table.close("Foo is closing", 10);
  expect(table.identity("Bar")).toBeUndefined();
});

const ticketOf = (id: number): Uint8Array => new Uint8Array(16).fill(id);

test("until the peer was heard any introduction joins its session, and the last one counts as the one that made it; then no other one does", async () => {
  const table = tableWith({});
  const outcomes: string[] = [];
  const prove = (id: number, purpose: 3 | 5 = 3): LinkEvents | undefined => {
    let events: LinkEvents | undefined;
    const link: Partial<Link> = {
      remoteName: "Bar",
      remote: { host: "127.0.0.1", port: 1 },
      local: { host: "127.0.0.1", port: 2 },
      purpose,
      ticketId: ticketOf(id),
      localEnd: table.endFor("Bar"),
      remoteEnd: new Uint8Array(16),
      writable: true,
      isOpen: true,
      start: (its) => {
        events = its;
        outcomes.push(`${id} joins`);
      },
      send: () => {},
      ping: () => Promise.resolve(1),
      close: () => {},
      destroy: () => outcomes.push(`${id} is destroyed`),
    };
    table.linkProven(link as Link);
    return events;
  };
  const madeBy = (): number[] => [1, 2, 3, 4, 5].filter((id) => table.isMadeBy("Bar", ticketOf(id)));
  prove(1);
  expect(madeBy()).toEqual([1]);
  const second = prove(2);
  prove(5, 5)?.closed(undefined);
  expect(madeBy()).toEqual([2]);
  second?.data(offsetFrame(ATTACH, 0));
  for (const id of [1, 3, 2]) prove(id);
  expect(outcomes).toEqual(["1 joins", "2 joins", "5 joins", "1 is destroyed", "3 is destroyed", "2 joins"]);
  expect(madeBy()).toEqual([2]);
  await table.close("Foo is closing", 10);
  expect(madeBy()).toEqual([]);
});

test("a program whose peers come back by themselves does not look for one that it can't dial", () => {
  expect(waiting()).toBe(waiting(() => {}) - 1);
});

/** Timers that wait once the only link of a session is lost. */
function waiting(notResumed?: () => void): number {
  const clock = new ManualClock();
  const table = tableWith({ environment: environmentWith({ clock }), notResumed, closesLinks: () => false });
  let events: LinkEvents | undefined;
  const link: Partial<Link> = {
    remoteName: "Foo",
    remote: { host: "127.0.0.1", port: 1 },
    local: { host: "127.0.0.1", port: 2 },
    purpose: 2,
    localEnd: table.endFor("Foo"),
    remoteEnd: new Uint8Array(16),
    writable: true,
    start: (its: LinkEvents) => (events = its),
    send: () => {},
    close: () => {},
    destroy: () => {},
  };
  table.linkProven(link as Link);
  events?.closed(new LinkError("ERR_TRUNCATED", "cut"));
  expect(table.needsLink("Foo")).toBe(true);
  const { pending } = clock;
  void table.close("the test is over", 0);
  return pending;
}
