// At the cap, and one over, with the shipped defaults.
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { Admission, type AdmissionConfig, type Failure, type Visit } from "../../src/link/admission.ts";
import { Sources } from "../../src/link/sources.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

const A = DEFAULT_LIMITS.admission;
const P = DEFAULT_LIMITS.penalty;
const nobody = (): void => {};

/** Nobody is dropped by chance, unless the test says so. */
function setUp(changes: Partial<AdmissionConfig> = {}): { clock: ManualClock; admission: Admission } {
  const clock = new ManualClock();
  const config = { clock, limits: DEFAULT_LIMITS, chance: () => 0.999_999, isPortable: false, ...changes };
  return { clock, admission: new Admission(config) };
}

const v4 = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

function enter(admission: Admission, host: string): Visit {
  return admission.enter(host, nobody) ?? expect.fail(`${host} was dropped`);
}

function admitted(admission: Admission, host: string): Visit {
  const visit = enter(admission, host);
  expect(admission.admit(visit)).toBeUndefined();
  return visit;
}

function proven(admission: Admission, host: string): Visit {
  const visit = admitted(admission, host);
  expect(admission.prove(visit)).toBe(true);
  return visit;
}

const fail = (admission: Admission, host: string, failure: Failure): void =>
  admission.leave(enter(admission, host), failure);

/** Seconds for which that host is refused. */
function refusedForS(admission: Admission, host: string): number {
  const visit = enter(admission, host);
  const seconds = admission.refusedForS(visit);
  admission.leave(visit);
  return seconds;
}

test("limit admission.unproven: 64 connections are on their way, the 65th takes the place of one of the greediest source", () => {
  const { admission } = setUp();
  const evicted: string[] = [];
  for (let index = 0; index < A.unproven; index++) {
    const host = v4(index >> 1);
    expect(admission.enter(host, () => evicted.push(host))).toBeDefined();
  }
  expect([admission.unproven, evicted]).toEqual([A.unproven, []]);
  enter(admission, "9.9.9.9");
  expect([admission.unproven, evicted.length]).toEqual([A.unproven, 1]);
});

test("limit admission.earlyDropFrom: before the 16th connection nobody is dropped by chance, from there on 30 % of those whose source has one", () => {
  for (const [chance, isDropped] of [
    [0, true],
    [0.299, true],
    [0.301, false],
  ] as const) {
    const { admission } = setUp({ chance: () => chance });
    for (let index = 0; index < A.earlyDropFrom - 1; index++) enter(admission, v4(index));
    enter(admission, v4(0)); // the 16th finds 15, and passes
    expect(admission.enter(v4(1), nobody) === undefined).toBe(isDropped);
    enter(admission, "9.9.9.9"); // and a new source always does
  }
});

test("limit admission.unprovenPerSource: eight of one source are on their way, the ninth is dropped", () => {
  const { admission } = setUp();
  const visits = Array.from({ length: A.unprovenPerSource }, () => enter(admission, "1.2.3.4"));
  expect(admission.enter("1.2.3.4", nobody)).toBeUndefined();
  enter(admission, "1.2.3.5");
  admission.leave(visits[0] as Visit);
  enter(admission, "1.2.3.4");
});

test("limit admission.unprovenOfMembers: a source with members has 32 on their way, the 33rd is dropped", () => {
  const { admission } = setUp({ chance: () => 0.999 });
  for (let count = 0; count < A.unprovenOfMembers; count++) admission.prove(admitted(admission, "1.2.3.4"));
  for (let count = 0; count < A.unprovenOfMembers; count++) enter(admission, "1.2.3.4");
  expect(admission.enter("1.2.3.4", nobody)).toBeUndefined();
});

test("limit admission.userStages: 256 in the user stage are counted apart, the 257th goes on counting as unproven", () => {
  const { admission } = setUp();
  for (let index = 0; index < A.userStages; index++) admission.confirm(admitted(admission, v4(index >> 3)));
  const visits = Array.from({ length: A.unprovenPerSource }, () => enter(admission, "9.9.9.9"));
  expect(admission.admit(visits[0] as Visit)).toBeUndefined();
  admission.confirm(visits[0] as Visit);
  expect(admission.enter("9.9.9.9", nobody)).toBeUndefined();
});

test("limit admission.userStagesPerSource: 40 of one source are counted apart, the 41st goes on counting as unproven", () => {
  for (const [staged, isDropped] of [
    [A.userStagesPerSource - 1, false],
    [A.userStagesPerSource, true],
  ] as const) {
    const { admission } = setUp();
    for (let count = 0; count < staged; count++) admission.confirm(admitted(admission, "1.2.3.4"));
    const visits = Array.from({ length: A.unprovenPerSource }, () => enter(admission, "1.2.3.4"));
    admission.confirm(visits[0] as Visit);
    expect(admission.enter("1.2.3.4", nobody) === undefined).toBe(isDropped);
  }
});

test("limit admission.helloBurst: twenty failing HELLO frames of one source are looked at, the next one is busy", () => {
  const { admission } = setUp();
  for (let count = 0; count < A.helloBurst; count++) admission.leave(admitted(admission, "1.2.3.4"));
  const visit = enter(admission, "1.2.3.4");
  expect(admission.admit(visit)).toMatchObject({ reason: "busy", code: 3, retryAfter: 1 });
  admission.leave(visit);
  admission.leave(admitted(admission, "1.2.3.5"));
});

test("limit admission.helloPerSource: then five per second, not six", () => {
  const { clock, admission } = setUp();
  for (let count = 0; count < A.helloBurst; count++) admission.leave(admitted(admission, "1.2.3.4"));
  clock.advance(1_000);
  for (let count = 0; count < A.helloPerSource; count++) admission.leave(admitted(admission, "1.2.3.4"));
  const visit = enter(admission, "1.2.3.4");
  expect(admission.admit(visit)).toMatchObject({ reason: "busy" });
});

test.each([
  ["helloTotal", false],
  ["helloTotalPortable", true],
] as const)(
  "limit admission.%s: so many failing HELLO frames of all sources in one second, not one more",
  (key, isPortable) => {
    const { clock, admission } = setUp({ isPortable });
    const all = (from: number): void => {
      for (let index = 0; index < A[key]; index++) admission.leave(admitted(admission, v4(from + index)));
      const visit = enter(admission, "9.9.9.9");
      expect(admission.admit(visit)).toMatchObject({ reason: "busy", code: 3, text: "too many attempts at once" });
      admission.leave(visit);
    };
    all(0);
    clock.advance(1_000);
    all(1_000);
  },
);

test("limit admission.guessBurst: 200 wrong guesses from everywhere, then strangers wait and known sources come in", () => {
  const { admission } = setUp();
  admission.release(proven(admission, "9.9.9.9"));
  for (let index = 0; index < A.guessBurst - 1; index++) fail(admission, v4(index), "wrongSecret");
  admission.leave(admitted(admission, "8.8.8.8"));
  fail(admission, "8.8.4.4", "wrongSecret");
  const stranger = enter(admission, "8.8.8.8");
  expect(admission.admit(stranger)).toMatchObject({
    reason: "busy",
    text: "too many strangers fail to prove themselves",
  });
  admitted(admission, "9.9.9.9");
});

test("limit admission.guessesTotal: then twenty per second, not 21", () => {
  const { clock, admission } = setUp();
  for (let index = 0; index < A.guessBurst; index++) fail(admission, v4(index), "wrongSecret");
  clock.advance(1_000);
  for (let index = 0; index < A.guessesTotal; index++) {
    const visit = admitted(admission, v4(1_000 + index));
    admission.leave(visit, "wrongSecret");
  }
  expect(admission.admit(enter(admission, "8.8.8.8"))).toMatchObject({ reason: "busy" });
});

test("limit admission.wideFactor: a /48 of IPv6 has eight times the share of a /64, and not more (case 81)", () => {
  const { admission } = setUp();
  const most = A.unprovenPerSource * A.wideFactor;
  // Each /64 stays below its own share; 64 in all are the cap of all connections too, so the last one is the 64th.
  for (let index = 0; index < most; index++) enter(admission, `2001:db8:1:${index >> 2}::${index}`);
  expect(admission.enter("2001:db8:1:ff::1", nobody)).toBeUndefined();
  expect(admission.enter("2001:db8:2:1::1", nobody)).toBeDefined();
});

test("limit admission.sources: 65,536 sources are remembered, the next one displaces the one seen longest ago", () => {
  const sources = new Sources(A);
  const [first] = sources.of(v4(0), 0);
  first?.penalise(100, P.most, 0);
  for (let index = 1; index < A.sources; index++) sources.of(v4(index), 0);
  expect(sources.size).toBe(A.sources);
  expect(sources.of(v4(0), 0)[0]).toBe(first); // still known; now the newest
  const [second] = sources.of(v4(1), 0);
  for (let index = 0; index < A.sources; index++) sources.of(`11.${v4(index).slice(3)}`, 0);
  expect(sources.size).toBe(A.sources);
  expect(sources.of(v4(1), 0)[0]).not.toBe(second);
});

test("limit admission.links: 10,000 proven links, the next HELLO is busy; one that was on its way is told after its proof", () => {
  const { admission } = setUp();
  const links: Visit[] = [];
  for (let index = 0; index < A.links - 1; index++) links.push(proven(admission, v4(index)));
  const late = admitted(admission, "9.9.9.9");
  links.push(proven(admission, "8.8.8.8"));
  expect(admission.links).toBe(A.links);
  expect(admission.admit(enter(admission, "7.7.7.7"))).toMatchObject({ reason: "busy", retryAfter: 10 });
  expect(admission.prove(late)).toBe(false);
  admission.release(links[0] as Visit);
  proven(admission, "6.6.6.6");
});

test("limit admission.linksPerSource: 1,024 proven links of one source, the next HELLO is busy", () => {
  const { admission } = setUp();
  const links = Array.from({ length: A.linksPerSource }, () => proven(admission, "1.2.3.4"));
  const visit = enter(admission, "1.2.3.4");
  expect(admission.admit(visit)).toMatchObject({ reason: "busy", text: "there are too many links from this address" });
  proven(admission, "1.2.3.5");
  admission.release(links[0] as Visit);
  expect(admission.admit(visit)).toBeUndefined();
});

test.each(["wrongSecret", "noHello", "deadline", "malformed"] as const)(
  "limit penalty.%s: a source is refused by the failure that brings it above the threshold, for what is above",
  (failure) => {
    const { admission } = setUp();
    const free = Math.floor(P.refuseAbove / P[failure]);
    for (let count = 0; count < free; count++) fail(admission, "1.2.3.4", failure);
    expect(refusedForS(admission, "1.2.3.4")).toBe(0);
    fail(admission, "1.2.3.4", failure);
    expect(refusedForS(admission, "1.2.3.4")).toBe((free + 1) * P[failure] - P.refuseAbove);
    expect(refusedForS(admission, "1.2.3.5")).toBe(0);
  },
);

test("limit penalty.refuseAbove: 30 s of penalty are let in, one more is refused until it has drained", () => {
  const { clock, admission } = setUp();
  for (let count = 0; count < 3; count++) fail(admission, "1.2.3.4", "wrongSecret");
  admission.leave(admitted(admission, "1.2.3.4"));
  fail(admission, "1.2.3.4", "noHello");
  const visit = enter(admission, "1.2.3.4");
  expect(admission.admit(visit)).toMatchObject({ reason: "penalty", code: 4, retryAfter: 1 });
  clock.advance(1_000);
  expect(admission.admit(visit)).toBeUndefined();
});

test("limit penalty.provenFactor: a source with a live link is let in up to three times the threshold, and its link lives (case 80)", () => {
  const { admission } = setUp();
  const member = proven(admission, "1.2.3.4");
  for (let count = 0; count < 9; count++) fail(admission, "1.2.3.4", "wrongSecret");
  expect(refusedForS(admission, "1.2.3.4")).toBe(0);
  for (let count = 0; count < 1_000; count++) fail(admission, "1.2.3.4", "malformed");
  expect(refusedForS(admission, "1.2.3.4")).toBe(P.most - P.refuseAbove * P.provenFactor);
  expect(admission.links).toBe(1);
  admission.release(member);
  expect(refusedForS(admission, "1.2.3.4")).toBe(P.most - P.refuseAbove);
});

test("limit penalty.most: no failures, however many, cost more than 600 s", () => {
  const { clock, admission } = setUp();
  for (let count = 0; count < P.most / P.wrongSecret; count++) fail(admission, "1.2.3.4", "wrongSecret");
  expect(refusedForS(admission, "1.2.3.4")).toBe(P.most - P.refuseAbove);
  for (let count = 0; count < 1_000; count++) fail(admission, "1.2.3.4", "malformed");
  expect(refusedForS(admission, "1.2.3.4")).toBe(P.most - P.refuseAbove);
  clock.advance((P.most - P.refuseAbove) * 1_000);
  expect(refusedForS(admission, "1.2.3.4")).toBe(0);
});

test.each(["userDelayMs", "userDelayMostMs"] as const)(
  "limit penalty.%s: a name that failed waits 0.5 s there, then twice as long each time, and never longer than 8 s",
  () => {
    const { admission } = setUp();
    const waits: number[] = [];
    for (let count = 0; count < 8; count++) {
      const visit = enter(admission, "1.2.3.4");
      waits.push(admission.userDelayMs(visit, "Foo"));
      admission.chargeUser(visit, "Foo");
      admission.leave(visit);
    }
    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect([waits[1], waits.at(-1)]).toEqual([P.userDelayMs, P.userDelayMostMs]);
    expect(admission.userDelayMs(enter(admission, "1.2.3.5"), "Foo")).toBe(0);
    expect(admission.userDelayMs(enter(admission, "1.2.3.4"), "Bar")).toBe(0);
  },
);
