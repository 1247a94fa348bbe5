import { ManualClock } from "chatroom/testing";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { AuditLog } from "../../src/link/audit.ts";
import { KeptLog } from "./parties.ts";

const { burst, perSecond, quietMs } = DEFAULT_LIMITS.audit;

function audited(): { clock: ManualClock; log: KeptLog; audit: AuditLog; refuse: (count: number) => void } {
  const clock = new ManualClock();
  const log = new KeptLog();
  const audit = new AuditLog(log, clock, DEFAULT_LIMITS.audit);
  const refuse = (count: number): void => {
    for (let n = 0; n < count; n++) audit.note("refused", "busy", { from: `10.0.0.1:${n}` }, "too many");
  };
  return { clock, log, audit, refuse };
}

test("an event has the fields event and reason, those that are known, and no others", () => {
  const { log, audit } = audited();
  audit.note("joined", "new", { from: "10.0.0.1:5", name: "Foo", claimed: undefined, kind: undefined }, "Foo joined");
  expect(log.lines).toEqual([
    {
      level: "info",
      fields: { event: "joined", reason: "new", from: "10.0.0.1:5", name: "Foo" },
      message: "Foo joined",
    },
  ]);
});

test("limit audit.burst: so many lines of one event and reason at once, and not one more; other events and reasons have their own", () => {
  const { log, audit, refuse } = audited();
  refuse(burst);
  expect(log.lines).toHaveLength(burst);
  refuse(1);
  expect(log.lines).toHaveLength(burst);
  audit.note("refused", "penalty", {}, "another reason");
  audit.note("penalised", "malformed", {}, "another event");
  expect(log.lines).toHaveLength(burst + 2);
  audit.close();
});

test("limit audit.perSecond: so many lines per second after a burst; the first one says how many were left out", () => {
  const { clock, log, refuse, audit } = audited();
  refuse(burst + 7);
  clock.advance(1_000 / perSecond - 1);
  refuse(1);
  expect(log.lines).toHaveLength(burst);
  clock.advance(1);
  refuse(2);
  expect(log.lines).toHaveLength(burst + 1);
  expect(log.lines.at(-1)?.fields).toEqual({ event: "refused", reason: "busy", from: "10.0.0.1:0", suppressed: 8 });
  clock.advance(1_000 / perSecond);
  refuse(1);
  expect(log.lines.at(-1)?.fields).toMatchObject({ suppressed: 1 });
  audit.close();
});

test("limit audit.quietMs: a flood is summed up when it is over, once, not before", () => {
  const { clock, log, refuse, audit } = audited();
  refuse(burst + 5);
  clock.advance(quietMs - 1);
  expect(log.lines).toHaveLength(burst);
  clock.advance(1);
  expect(log.lines.slice(burst)).toEqual([
    { level: "info", fields: { event: "refused", reason: "busy", suppressed: 5 }, message: "5 more: refused (busy)" },
  ]);
  expect(clock.pending).toBe(0);
  clock.advance(60_000);
  expect(log.lines).toHaveLength(burst + 1);
  audit.close();
});

test("a flood that goes on is not over: what comes is counted into its next line", () => {
  const { clock, log, audit } = audited();
  const events = 1_000_000;
  for (let n = 0; n < events; n++) {
    if (n % 10_000 === 0) clock.advance(100);
    audit.note("refused", "no hello", {}, "gone");
  }
  // 100 times 100 ms.
  expect(log.lines.length).toBeGreaterThanOrEqual(burst + 9 * perSecond);
  expect(log.lines.length).toBeLessThanOrEqual(burst + 10 * perSecond);
  audit.close();
  const told = log.lines.reduce((sum, { fields }) => sum + ((fields as { suppressed?: number }).suppressed ?? 0), 0);
  const own = log.lines.filter(({ message }) => message === "gone").length;
  expect(told + own).toBe(events);
  expect(clock.pending).toBe(0);
});

test("as long as more come there is no summary, and one when they stop", () => {
  const { clock, log, refuse, audit } = audited();
  for (let ms = 0; ms < 4 * quietMs; ms += 500) {
    refuse(50);
    clock.advance(500);
  }
  expect(log.lines.filter(({ message }) => message !== "too many")).toEqual([]);
  clock.advance(quietMs);
  expect(log.lines.filter(({ message }) => message !== "too many")).toHaveLength(1);
  audit.close();
});

test("a clock that stands still or jumps loses no count", () => {
  const { clock, log, refuse, audit } = audited();
  refuse(burst + 1);
  clock.advance(3_600_000);
  refuse(1);
  audit.close();
  const told = log.lines.reduce((sum, { fields }) => sum + ((fields as { suppressed?: number }).suppressed ?? 0), 0);
  expect(told).toBe(1);
});

test("what is left out when all is closed starts no timer again", () => {
  const { clock, log, refuse, audit } = audited();
  audit.close();
  refuse(burst + 1);
  expect(log.lines).toHaveLength(burst);
  expect(clock.pending).toBe(0);
});
