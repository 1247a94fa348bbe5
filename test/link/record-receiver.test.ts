import { expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import { RecordReceiver } from "../../src/link/record-receiver.ts";
import type { Pipe, PipeEvents } from "../../src/pipe/pipe.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { turns } from "../support/until.ts";
import { pair } from "./records-driver.ts";

const PER_TURN = 8;

/** A receiver whose owner is there from the start, and what it tells. */
function receiving(): { told: (number | string)[]; pipe: PipeEvents; chunk: (count: number) => Uint8Array } {
  const { sealer, opener } = pair(true);
  const told: (number | string)[] = [];
  let events: PipeEvents | undefined;
  const pipe: Partial<Pipe> = { start: (given) => void (events = given), pause() {}, resume() {} };
  let isReady = false;
  const receiver = new RecordReceiver(
    {
      pipe: pipe as Pipe,
      opener,
      encryption: true,
      clock: new ManualClock(),
      limits: { recordsPerTurn: PER_TURN, turnMs: 5 },
      isReady: () => isReady,
      heard: () => {},
      record: (type) => told.push(type) < 0,
      broken: () => told.push("broken"),
      drain: () => {},
      ended: () => told.push("ended"),
    },
    new Uint8Array(0),
  );
  isReady = true;
  receiver.read();
  if (events === undefined) throw new Error("the pipe was not started");
  return {
    told,
    pipe: events,
    chunk: (count) => concat(Array.from({ length: count }, () => sealer.seal(1, []))),
  };
}

test("what came before the pipe broke is handed out first, a turn's worth at a time, and then the end", async () => {
  const { told, pipe, chunk } = receiving();
  pipe.data(chunk(2 * PER_TURN + 1));
  expect(told).toHaveLength(PER_TURN);
  pipe.end(new Error("reset"));
  expect(told).toHaveLength(PER_TURN);
  await turns(10);
  expect(told).toEqual([...Array.from({ length: 2 * PER_TURN + 1 }, () => 1), "ended"]);
});
