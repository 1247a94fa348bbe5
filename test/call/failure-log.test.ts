import { expect, test } from "vitest";
import { loggerOf } from "../../src/base/log.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { FailureLog } from "../../src/call/failure-log.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { KeptLog } from "../link/parties.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

const { burst, quietMs } = DEFAULT_LIMITS.audit;

function made(): { clock: ManualClock; log: KeptLog; failures: FailureLog } {
  const clock = new ManualClock();
  const log = new KeptLog();
  return { clock, log, failures: new FailureLog(log, clock, DEFAULT_LIMITS.audit) };
}

const FAULT = new Error("no");

const none = (): void => {};

test("a caller that makes a handler fail over and over writes few lines, and the rest is counted when the program leaves", async () => {
  const room = await openRoom();
  const log = new KeptLog();
  const bar = await join(room, "Bar", { log });
  bar.handle("fail", () => {
    throw FAULT;
  });
  bar.handle("odd", () => () => {});
  const foo = await join(room, "Foo");
  const calls = Array.from({ length: 500 }, () => [foo.peer("Bar").get("fail"), foo.peer("Bar").get("odd")]).flat();
  await Promise.all(calls.map(failure));
  await bar.close();
  for (const method of ["fail", "odd"]) {
    const lines = log.lines.filter(({ fields }) => "method" in fields && fields.method === method);
    expect(lines.length).toBeGreaterThan(burst);
    expect(lines.length).toBeLessThan(2 * burst);
    const suppressed = lines.reduce(
      (sum, { fields }) => sum + ("suppressed" in fields ? Number(fields.suppressed) : 0),
      0,
    );
    const written = lines.filter(({ fields }) => "err" in fields).length;
    expect(written + suppressed).toBe(500);
  }
});

test("the next line says how many were left out, once, and one method does not silence another", () => {
  const { clock, log, failures } = made();
  for (let n = 0; n < burst + 7; n++) failures.note("Foo", "find", FAULT, "failed");
  expect(log.lines).toHaveLength(burst);
  failures.note("Foo", "other", FAULT, "failed");
  expect(log.lines.at(-1)?.fields).toEqual({ peer: "Foo", method: "other", err: FAULT });
  clock.advance(2_000);
  failures.note("Foo", "find", FAULT, "failed");
  expect(log.lines.at(-1)?.fields).toEqual({ peer: "Foo", method: "find", suppressed: 7, err: FAULT });
  failures.note("Foo", "find", FAULT, "failed");
  expect(log.lines.at(-1)?.fields).toEqual({ peer: "Foo", method: "find", err: FAULT });
  failures.close();
});

test("a flood that is over is summed up once, and not while it goes on", () => {
  const { clock, log, failures } = made();
  for (let n = 0; n <= burst; n++) failures.note("Foo", "find", FAULT, "failed");
  clock.advance(quietMs - 1);
  expect(log.lines).toHaveLength(burst);
  clock.advance(1);
  expect(log.lines.slice(burst)).toEqual([
    { level: "error", fields: { method: "find", suppressed: 1 }, message: '1 more failures of "find"' },
  ]);
  for (let n = 0; n <= burst; n++) failures.note("Foo", "find", FAULT, "failed");
  const count = log.lines.length;
  for (let n = 0; n < 3; n++) {
    clock.advance(900);
    for (let more = 0; more < 3; more++) failures.note("Foo", "find", FAULT, "failed");
  }
  clock.advance(quietMs - 1);
  expect(log.lines.slice(count).filter(({ message }) => message.includes("more failures"))).toEqual([]);
  clock.advance(1);
  expect(log.lines.slice(count).filter(({ message }) => message.includes("more failures"))).toHaveLength(1);
  failures.close();
  expect(clock.pending).toBe(0);
});

test("a logger that stumbles over what was thrown is given the line without it", () => {
  const clock = new ManualClock();
  const lines: object[] = [];
  const picky = {
    debug: none,
    info: none,
    warn: none,
    error: (fields: object) => (lines.push(fields), void JSON.stringify(fields)),
  };
  const failures = new FailureLog(loggerOf(picky, "Foo"), clock, DEFAULT_LIMITS.audit);
  failures.note("Foo", "find", 5n, "failed");
  expect(lines.at(-1)).toEqual({ peer: "Foo", method: "find" });
});
