import { expect, test } from "vitest";

import { type LimitChanges, limitsWith } from "../../src/base/limits.ts";
import { AddressSet } from "../../src/link/address-set.ts";
import { Admission, type AdmissionConfig, type Visit } from "../../src/link/admission.ts";
import { UserFailures } from "../../src/link/user-failures.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { seeded, seedOfRun } from "../support/seeded.ts";

const seed = seedOfRun();
console.log(`admission, seed ${seed}`);

function setUp(
  limits: LimitChanges = {},
  config: Partial<AdmissionConfig> = {},
): { clock: ManualClock; admission: Admission } {
  const clock = new ManualClock();
  const admission = new Admission({
    clock,
    limits: limitsWith(limits),
    chance: seeded(seed),
    isPortable: false,
    ...config,
  });
  return { clock, admission };
}

const nobody = (): void => {
  throw new Error("nobody should be evicted");
};

/** A connection that must get in. */
function enter(admission: Admission, host: string, evicted: () => void = nobody): Visit {
  return admission.enter(host, evicted) ?? expect.fail(`${host} was dropped`);
}

/** A connection that fails that way, after a HELLO that was let in. */
function failAs(
  admission: Admission,
  host: string,
  failure: "wrongSecret" | "noHello" | "deadline" | "malformed",
): void {
  const visit = enter(admission, host);
  if (failure !== "noHello") expect(admission.admit(visit)).toBeUndefined();
  admission.leave(visit, failure);
}

/** Seconds for which that host is refused now. */
function refusedFor(admission: Admission, host: string): number {
  const visit = enter(admission, host);
  const denial = admission.admit(visit);
  if (denial === undefined) admission.giveBack(visit);
  admission.leave(visit);
  return denial?.code === 4 ? (denial.retryAfter ?? 0) : 0;
}

test("case 79: failures from one source add up, are refused, drain, and heal by themselves", () => {
  const { clock, admission } = setUp();
  for (let count = 0; count < 3; count++) failAs(admission, "1.2.3.4", "wrongSecret");
  expect(refusedFor(admission, "1.2.3.4")).toBe(0); // 30 is not more than 30
  failAs(admission, "1.2.3.4", "wrongSecret");
  expect(refusedFor(admission, "1.2.3.4")).toBe(10);
  expect(refusedFor(admission, "1.2.3.5")).toBe(0);
  clock.advance(9_999);
  expect(refusedFor(admission, "1.2.3.4")).toBeGreaterThan(0);
  clock.advance(1);
  expect(refusedFor(admission, "1.2.3.4")).toBe(0);
});

test("each kind of failure costs what the limits say, and never more than the cap", () => {
  for (const [failure, cost] of [
    ["wrongSecret", 10],
    ["noHello", 1],
    ["deadline", 10],
    ["malformed", 20],
  ] as const) {
    const { admission } = setUp({ penalty: { refuseAbove: 0 }, admission: { helloBurst: 1e6, guessBurst: 1e6 } });
    failAs(admission, "1.2.3.4", failure);
    expect(refusedFor(admission, "1.2.3.4")).toBe(cost);
  }
  const { admission } = setUp();
  for (let count = 0; count < 1_000; count++) admission.leave(enter(admission, "1.2.3.4"), "wrongSecret");
  expect(refusedFor(admission, "1.2.3.4")).toBe(570);
});

test("case 80: a source with a proven link is refused only above three times the threshold", () => {
  const { admission } = setUp({ admission: { helloBurst: 1e6 } });
  const member = enter(admission, "9.9.9.9");
  expect(admission.admit(member)).toBeUndefined();
  expect(admission.prove(member)).toBe(true);
  for (let count = 0; count < 9; count++) failAs(admission, "9.9.9.9", "wrongSecret");
  expect(refusedFor(admission, "9.9.9.9")).toBe(0);
  failAs(admission, "9.9.9.9", "wrongSecret");
  expect(refusedFor(admission, "9.9.9.9")).toBe(10);
  admission.release(member);
  expect(refusedFor(admission, "9.9.9.9")).toBe(70);
});

test("case 81: addresses of one /64 are one source, those of one /48 share eight times as much", () => {
  const { admission } = setUp({ admission: { helloBurst: 1e6 } });
  for (let count = 0; count < 4; count++) failAs(admission, `2001:db8:1:1::${count}`, "wrongSecret");
  expect(refusedFor(admission, "2001:db8:1:1:ffff::1")).toBe(10);
  expect(refusedFor(admission, "2001:db8:1:2::1")).toBe(0);
  for (let net = 2; net < 23; net++) failAs(admission, `2001:db8:1:${net}::1`, "wrongSecret");
  expect(refusedFor(admission, "2001:db8:1:ff::1")).toBe(10); // 25 failures: 250 s, of which 240 are free
  expect(refusedFor(admission, "2001:db8:2:1::1")).toBe(0);
});

test("case 82: an IPv4 address and its IPv6-mapped form are one source", () => {
  const { admission } = setUp();
  for (let count = 0; count < 4; count++) failAs(admission, count % 2 ? "::ffff:1.2.3.4" : "1.2.3.4", "wrongSecret");
  expect(refusedFor(admission, "::ffff:102:304")).toBe(10);
  expect(refusedFor(admission, "1.2.3.4")).toBe(10);
});

test("case 84: of 100,000 sources no more than the cap are remembered, and those in use are never forgotten", () => {
  const { admission } = setUp({ admission: { sources: 1_000, unproven: 1e6, earlyDropFrom: 1e6 } });
  for (let count = 0; count < 4; count++) failAs(admission, "9.9.9.9", "wrongSecret");
  const waiting = enter(admission, "9.9.9.9");
  for (let index = 0; index < 100_000; index++) {
    admission.leave(enter(admission, `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`), "noHello");
  }
  expect(admission.sourceCount).toBe(1_000);
  expect(admission.admit(waiting)).toMatchObject({ code: 4, retryAfter: 10 });
  expect(refusedFor(admission, "9.9.9.9")).toBe(10); // a second connection of it is known by the same entry
  admission.leave(waiting);
  expect(admission.unproven).toBe(0);
});

test("of the sources that are not in use, the one that was seen longest ago is forgotten first", () => {
  const { admission } = setUp({ admission: { sources: 3 } });
  for (let count = 0; count < 4; count++) {
    failAs(admission, "1.1.1.1", "wrongSecret");
    failAs(admission, "2.2.2.2", "wrongSecret");
  }
  expect(refusedFor(admission, "1.1.1.1")).toBe(10);
  admission.leave(enter(admission, "3.3.3.3"));
  admission.leave(enter(admission, "4.4.4.4"));
  expect([refusedFor(admission, "1.1.1.1"), refusedFor(admission, "2.2.2.2")]).toEqual([10, 0]);
});

test("case 85: only the monotonic clock counts: the wall clock may jump", () => {
  const { clock, admission } = setUp();
  for (let count = 0; count < 4; count++) failAs(admission, "1.2.3.4", "wrongSecret");
  clock.date = () => 4_102_444_800_000;
  expect(refusedFor(admission, "1.2.3.4")).toBe(10);
  clock.date = () => 0;
  expect(refusedFor(admission, "1.2.3.4")).toBe(10);
});

test("one source holds at most eight connections that have not proved themselves", () => {
  const { admission } = setUp();
  const visits = Array.from({ length: 8 }, () => enter(admission, "1.2.3.4"));
  expect(admission.enter("1.2.3.4", nobody)).toBeUndefined();
  enter(admission, "1.2.3.5");
  admission.leave(visits[0] as Visit);
  enter(admission, "1.2.3.4");
});

test("from sixteen connections on, further ones of the same source are dropped more and more often", () => {
  const { admission } = setUp({ admission: { unproven: 100, earlyDropFrom: 20, unprovenPerSource: 1e6 } });
  enter(admission, "1.2.3.4");
  for (let count = 1; count < 20; count++) enter(admission, "1.2.3.4");
  const share = (): number => {
    let dropped = 0;
    for (let round = 0; round < 1_000; round++) {
      const visit = admission.enter("1.2.3.4", nobody);
      if (visit === undefined) dropped++;
      else admission.leave(visit);
    }
    return dropped / 1_000;
  };
  expect(share()).toBeCloseTo(0.3, 1);
  for (let host = 0; host < 40; host++) enter(admission, `5.5.5.${host}`);
  expect(share()).toBeCloseTo(0.65, 1);
  for (let host = 40; host < 79; host++) enter(admission, `5.5.5.${host}`);
  expect(share()).toBeGreaterThan(0.97);
});

test("when every place is taken, a newcomer takes that of the source which holds most", () => {
  const { admission } = setUp({ admission: { unproven: 20, earlyDropFrom: 20 } });
  const evicted: string[] = [];
  for (let index = 0; index < 5; index++) enter(admission, "6.6.6.6", () => evicted.push("greedy"));
  for (let index = 0; index < 15; index++) enter(admission, `5.5.5.${index}`, () => evicted.push("modest"));
  enter(admission, "7.7.7.7");
  expect(evicted).toEqual(["greedy"]);
  expect(admission.unproven).toBe(20);
  expect(admission.enter("6.6.6.6", nobody)).toBeUndefined();
});

test("HELLO frames beyond a burst of twenty wait for their tokens, five per second, unless they succeed", () => {
  const { clock, admission } = setUp({ penalty: { refuseAbove: 1e9 } });
  for (let count = 0; count < 20; count++) failAs(admission, "1.2.3.4", "deadline");
  const late = enter(admission, "1.2.3.4");
  expect(admission.admit(late)).toMatchObject({ reason: "busy", code: 3, retryAfter: 1 });
  admission.leave(late);
  clock.advance(200);
  failAs(admission, "1.2.3.4", "deadline");
  for (let count = 0; count < 2_000; count++) {
    const visit = enter(admission, "4.4.4.4");
    expect(admission.admit(visit)).toBeUndefined();
    expect(admission.prove(visit)).toBe(true);
    admission.release(visit);
  }
});

test("all HELLO frames together have a rate too, a tenth of it on the portable engine", () => {
  for (const [isPortable, most] of [
    [false, 400],
    [true, 50],
  ] as const) {
    const { admission } = setUp({}, { isPortable });
    for (let count = 0; count < most; count++) failAs(admission, `1.${count >> 8}.${count & 255}.1`, "deadline");
    const visit = enter(admission, "9.9.9.9");
    expect(admission.admit(visit)).toMatchObject({ reason: "busy", code: 3 });
    admission.leave(visit);
  }
});

test("when strangers everywhere guess, strangers wait, and those who proved themselves before come in", () => {
  const { clock, admission } = setUp({ admission: { helloTotal: 1e6 } });
  const known = enter(admission, "9.9.9.9");
  expect(admission.admit(known)).toBeUndefined();
  admission.prove(known);
  admission.release(known);
  for (let count = 0; count < 400; count++) {
    const visit = enter(admission, `1.${count >> 8}.${count & 255}.1`);
    admission.admit(visit);
    admission.leave(visit, "wrongSecret");
  }
  const stranger = enter(admission, "8.8.8.8");
  expect(admission.admit(stranger)).toMatchObject({ reason: "busy", code: 3 });
  admission.leave(stranger);
  const back = enter(admission, "9.9.9.9");
  expect(admission.admit(back)).toBeUndefined();
  admission.leave(back);
  clock.advance(20_000);
  const later = enter(admission, "8.8.8.8");
  expect(admission.admit(later)).toBeUndefined();
  admission.leave(later);
});

/** A connection in the user stage, or on its way there. */
function stage(admission: Admission, host: string): Visit {
  const visit = enter(admission, host);
  expect(admission.admit(visit)).toBeUndefined();
  admission.confirm(visit);
  return visit;
}

test("who has proved the password stands in nobody's way during the user stage: forty per source, the next ones count as unproven", () => {
  const { admission } = setUp();
  const stages = Array.from({ length: 40 }, () => stage(admission, "1.2.3.4"));
  const strangers = Array.from({ length: 8 }, () => enter(admission, "1.2.3.4"));
  expect(admission.enter("1.2.3.4", nobody)).toBeUndefined();
  admission.leave(strangers[0] as Visit);
  const over = stage(admission, "1.2.3.4"); // the forty-first keeps its place among the unproven
  expect(admission.enter("1.2.3.4", nobody)).toBeUndefined();
  expect(admission.prove(over)).toBe(true);
  admission.release(over);
  const later = enter(admission, "1.2.3.4");
  admission.leave(stages[0] as Visit);
  expect(admission.enter("1.2.3.4", nobody)).toBeUndefined();
  admission.confirm(later); // and a place that is free is taken
  admission.leave(enter(admission, "1.2.3.4"));
  for (const visit of [...stages.slice(1), ...strangers.slice(1), later]) admission.leave(visit);
  admission.leave(later);
  expect([admission.unproven, admission.links]).toEqual([0, 0]);
});

test("a source whose links are proven may have one more on its way for each, up to thirty-two; strangers' sources have eight", () => {
  const { admission } = setUp({ admission: { earlyDropFrom: 1e6, unproven: 1e6 } });
  const places = (host: string): number => {
    const visits: Visit[] = [];
    for (;;) {
      const visit = admission.enter(host, nobody);
      if (visit === undefined) break;
      visits.push(visit);
    }
    for (const visit of visits) admission.leave(visit);
    return visits.length;
  };
  const links: Visit[] = [];
  const link = (): void => {
    const visit = enter(admission, "1.2.3.4");
    expect(admission.admit(visit)).toBeUndefined();
    expect(admission.prove(visit)).toBe(true);
    links.push(visit);
  };
  expect(places("1.2.3.4")).toBe(8);
  for (let count = 0; count < 23; count++) link();
  expect([places("1.2.3.4"), places("1.2.3.5")]).toEqual([31, 8]);
  link();
  expect(places("1.2.3.4")).toBe(32);
  link();
  expect(places("1.2.3.4")).toBe(32);
  for (const visit of links) admission.release(visit);
  expect(places("1.2.3.4")).toBe(8);
});

test("where no place is left in the user stage, no more than eight of a source wait among the unproven, however many links it has", () => {
  const { admission } = setUp({ admission: { earlyDropFrom: 1e6, helloBurst: 1e6 } });
  for (let count = 0; count < 24; count++) {
    const visit = enter(admission, "1.2.3.4");
    expect(admission.admit(visit)).toBeUndefined();
    admission.prove(visit);
  }
  for (let count = 0; count < 40; count++) stage(admission, "1.2.3.4");
  for (let count = 0; count < 8; count++) expect(admission.confirm(enter(admission, "1.2.3.4"))).toBe(true);
  const over = enter(admission, "1.2.3.4");
  expect(admission.confirm(over)).toBe(false);
  admission.leave(over);
  expect(admission.unproven).toBe(48);
});

test("256 are in the user stage in all, and their HELLO frames cost no tokens", () => {
  const { admission } = setUp();
  for (let index = 0; index < 256; index++) stage(admission, `10.0.0.${index >> 4}`);
  expect(admission.unproven).toBe(256);
  enter(admission, "10.1.0.1"); // places of the unproven are all free
  let dropped = 0;
  for (let index = 0; index < 8; index++) stage(admission, "10.2.0.1");
  for (let index = 0; index < 10; index++) if (admission.enter("10.2.0.1", nobody) === undefined) dropped++;
  expect(dropped).toBe(10);
});

test("a burst of guesses at users' passwords is paid for in full: by its source, and by strangers in all", () => {
  const { penalty, admission } = limitsWith({});
  const ofOneSource = admission.userStagesPerSource + admission.unprovenPerSource;
  expect(ofOneSource * penalty.wrongSecret + penalty.refuseAbove * penalty.provenFactor).toBeLessThanOrEqual(
    penalty.most,
  );
  expect(admission.userStages + admission.unproven).toBeLessThanOrEqual(2 * admission.guessBurst);
});

test("links have a cap in all and per source, and one that ends makes room", () => {
  const { admission } = setUp({ admission: { links: 5, linksPerSource: 3 } });
  const prove = (host: string): Visit => {
    const visit = enter(admission, host);
    expect(admission.admit(visit)).toBeUndefined();
    expect(admission.prove(visit)).toBe(true);
    return visit;
  };
  const held = [prove("1.1.1.1"), prove("1.1.1.1"), prove("1.1.1.1")];
  const fourth = enter(admission, "1.1.1.1");
  expect(admission.admit(fourth)).toMatchObject({ reason: "busy", text: "there are too many links from this address" });
  admission.leave(fourth);
  prove("2.2.2.2");
  const early = enter(admission, "4.4.4.4");
  expect(admission.admit(early)).toBeUndefined();
  prove("3.3.3.3");
  expect(admission.prove(early)).toBe(false); // the last place went while it was on its way
  const sixth = enter(admission, "5.5.5.5");
  expect(admission.admit(sixth)).toMatchObject({ reason: "busy", text: "it has as many links as it takes" });
  admission.leave(sixth);
  admission.release(held[0] as Visit);
  prove("1.1.1.1");
  expect([admission.links, admission.unproven]).toEqual([5, 0]);
});

test("a blacklist bars at once and may change while it is used; an allowlist spares penalties", () => {
  const blacklist = new AddressSet(["6.6.6.0/24"]);
  const allowlist = new AddressSet(["7.7.7.7"]);
  const { admission } = setUp({}, { blacklist, allowlist });
  const barred = enter(admission, "6.6.6.6");
  expect(admission.admit(barred)).toMatchObject({ reason: "blacklisted", code: 4 });
  blacklist.delete("6.6.6.0/24");
  expect(admission.admit(barred)).toBeUndefined();
  for (let count = 0; count < 8; count++) failAs(admission, "7.7.7.7", "wrongSecret");
  expect(refusedFor(admission, "7.7.7.7")).toBe(0);
});

test("a ban of an address or net holds in every notation, from the next HELLO on, and costs no penalty", () => {
  const bans = new AddressSet();
  const { admission } = setUp({}, { bans });
  const visit = enter(admission, "::ffff:6.6.6.6");
  bans.add("6.6.6.6");
  bans.add("2001:db8::/32");
  expect(admission.admit(visit)).toEqual({
    reason: "banned",
    code: 4,
    retryAfter: 60,
    text: "this address is barred",
  });
  expect(admission.admit(enter(admission, "2001:db8:1:2::3"))).toMatchObject({ reason: "banned" });
  expect(admission.refusedForS(visit)).toBe(0);
  bans.delete("6.6.6.6");
  expect(admission.admit(visit)).toBeUndefined();
});

/** A login that reaches the point where the user learns whether its guess is right. */
function guess(admission: Admission, host: string, name: string): Visit {
  const visit = enter(admission, host);
  expect(admission.admit(visit)).toBeUndefined();
  admission.chargeUser(visit, name);
  return visit;
}

test("case 88: a user's failure counts for its name at once and for its source when it ends; a proof takes it back", () => {
  const { admission } = setUp({ admission: { helloBurst: 1e6, unprovenPerSource: 100 } });
  const delay = (host: string, name: string): number => {
    const visit = enter(admission, host);
    const ms = admission.userDelayMs(visit, name);
    admission.leave(visit);
    return ms;
  };
  const proven = guess(admission, "1.2.3.4", "Foo");
  expect([delay("1.2.3.4", "Foo"), delay("1.2.3.4", "Bar"), delay("1.2.3.5", "Foo")]).toEqual([500, 0, 0]);
  expect(admission.prove(proven)).toBe(true);
  expect(delay("1.2.3.4", "Foo")).toBe(0);
  admission.release(proven);
  admission.leave(proven); // what comes late costs nothing
  expect(refusedFor(admission, "1.2.3.4")).toBe(0);
  // A burst in parallel: each is counted, and none is forgotten for the others.
  const burst = Array.from({ length: 10 }, () => guess(admission, "1.2.3.4", "Foo"));
  expect(delay("1.2.3.4", "Foo")).toBe(8_000);
  expect(refusedFor(admission, "1.2.3.4")).toBe(0);
  for (const visit of burst) admission.leave(visit);
  expect(refusedFor(admission, "1.2.3.4")).toBe(70);
});

test("a user that made room for another connection after it learned the answer has been counted", () => {
  const { admission } = setUp({ admission: { unproven: 1, earlyDropFrom: 1 }, penalty: { refuseAbove: 0 } });
  let evicted = 0;
  const visit = enter(admission, "1.2.3.4", () => {
    evicted++;
    admission.leave(visit, undefined);
  });
  admission.chargeUser(visit, "Foo");
  const other = enter(admission, "9.9.9.9");
  expect(evicted).toBe(1);
  admission.leave(other);
  expect(refusedFor(admission, "1.2.3.4")).toBe(10);
});

test("an address on the allowlist makes no user wait, and costs nothing", () => {
  const { admission } = setUp({ penalty: { refuseAbove: 0 } }, { allowlist: new AddressSet(["10.0.0.0/8"]) });
  for (let count = 0; count < 5; count++) admission.leave(guess(admission, "10.1.2.3", "Foo"));
  const visit = enter(admission, "10.1.2.3");
  expect(admission.userDelayMs(visit, "Foo")).toBe(0);
  admission.leave(visit);
  expect(refusedFor(admission, "10.1.2.3")).toBe(0);
});

test("case 84: failures of names are forgotten in time, and as many as the limits say are remembered", () => {
  const limits = limitsWith({ admission: { sources: 100 } });
  const failures = new UserFailures(limits);
  for (let at = 0; at < 1_000; at++) failures.failed("4 1.2.3.4", `name-${at}`, 0);
  expect(failures.size).toBe(100);
  expect([failures.delayMs("4 1.2.3.4", "name-899", 0), failures.delayMs("4 1.2.3.4", "name-900", 0)]).toEqual([
    0, 500,
  ]);
  expect(failures.delayMs("4 1.2.3.4", "name-999", 600_000)).toBe(500);
  expect(failures.delayMs("4 1.2.3.4", "name-999", 600_001)).toBe(0);
  failures.failed("4 1.2.3.4", "name-999", 600_001);
  expect(failures.delayMs("4 1.2.3.4", "name-999", 600_001)).toBe(500); // from the beginning
});
