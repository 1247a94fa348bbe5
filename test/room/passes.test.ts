import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { Passes } from "../../src/room/passes.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { fakeMember, ids } from "./fake-member.ts";

const { passes: MOST } = DEFAULT_LIMITS.relay;
const { ticketMs: LIFE_MS } = DEFAULT_LIMITS.room;

function passes(most: number = MOST): { table: Passes; clock: ManualClock } {
  const clock = new ManualClock();
  return { table: new Passes(clock, ids(), { most, lifeMs: LIFE_MS }), clock };
}

const { member } = fakeMember("Foo");
const taken = (): void => {};
const GOOD = { member, connected: () => taken };
const REFUSED = { code: 6 };

test("a connection is known by a pass once", () => {
  const { table } = passes();
  const id = table.issue(GOOD) as Uint8Array;
  expect(table.connected(new Uint8Array(16))).toEqual(REFUSED);
  expect(table.connected(id)).toBe(taken);
  expect(table.connected(id)).toEqual(REFUSED);
  expect(table.size).toBe(0);
});

test("a pass is good for 30 s, and forgotten after that", () => {
  const { table, clock } = passes();
  const [first, second] = [table.issue(GOOD), table.issue(GOOD)] as Uint8Array[];
  clock.advance(LIFE_MS - 1);
  expect(table.connected(first as Uint8Array)).toBe(taken);
  clock.advance(1);
  expect(table.connected(second as Uint8Array)).toEqual(REFUSED);
  table.issue(GOOD);
  expect(table.size).toBe(1);
});

test("a pass that its member is to see itself is good for no connection, and for nobody else's word", () => {
  const { table } = passes();
  let called = 0;
  const id = table.issue({ member, called: () => called++ }) as Uint8Array;
  expect(table.connected(id)).toEqual(REFUSED);
  table.called(fakeMember("Foo").member, id); // another member of that name
  expect(called).toBe(0);
  table.called(member, id);
  table.called(member, id);
  expect(called).toBe(1);
  const leg = table.issue(GOOD) as Uint8Array;
  table.called(member, leg);
  expect(table.connected(leg)).toBe(taken);
});

test("what was revoked is good for nothing", () => {
  const { table } = passes();
  const id = table.issue(GOOD) as Uint8Array;
  table.revoke(id);
  table.revoke(id);
  expect(table.connected(id)).toEqual(REFUSED);
});

test("limit relay.passes: 131,072 wait to be shown; there is no further one until some have expired", () => {
  const { table, clock } = passes();
  for (let n = 0; n < MOST - 1; n++) table.issue(GOOD);
  clock.advance(1);
  expect(table.issue(GOOD)).toBeDefined();
  expect(table.issue(GOOD)).toBeUndefined();
  expect(table.size).toBe(MOST);
  clock.advance(LIFE_MS - 1);
  expect(table.issue(GOOD)).toBeDefined();
  expect(table.size).toBe(2);
  table.close();
  expect(table.size).toBe(0);
});
