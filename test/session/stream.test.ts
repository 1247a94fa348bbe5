import { expect, test } from "vitest";
import { Deframer } from "../../src/session/deframer.ts";
import { sessionLimits } from "../../src/session/limits.ts";
import { type Lane, OutMessage } from "../../src/session/out-message.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import { type Plain, readFrames, readMessages, shown } from "./naive.ts";
import { Seeded } from "./seeded.ts";

const SEED = seedOfRun();

/** Small budgets, so that places and credit run out. */
const LIMITS = sessionLimits({
  messageBytes: 60_000,
  freeBytes: 16_392,
  assemblyMessages: 4,
  assemblyBytes: 4 * 16_392 + 130_000,
  queueHardBytes: 400_000,
});

const KINDS = { control: 0x10, call: 0x11, send: 0x12 };

/** One outbox and what comes out at the other end, over several sessions. */
class Run {
  readonly chance: Seeded;
  readonly outbox = new Outbox({ limits: LIMITS });
  readonly pushed: { message: OutMessage; text: string }[] = [];
  readonly withdrawn = new Set<OutMessage>();
  /** Committed under a session that ended before it was delivered. */
  readonly lost = new Set<OutMessage>();
  readonly arrived: Plain[] = [];
  deframer!: Deframer;
  stream: Buffer[] = [];
  offset = 0;
  /** Bytes that were committed and are under way. */
  underWay: Uint8Array[] = [];
  underWayBytes = 0;
  /** CREDIT of the other side, on its way back. */
  credits: [number, number][] = [];
  sessionStart = 0;
  partly = 0;

  constructor(seed: number) {
    this.chance = new Seeded(seed);
    this.begin();
  }

  begin(): void {
    this.sessionStart = this.arrived.length;
    this.stream = [];
    this.offset = 0;
    this.underWay = [];
    this.underWayBytes = 0;
    this.credits = [];
    const bulkBytes = this.chance.pick([1, 70_000, 10_000_000]);
    this.outbox.bind({ wake: () => {}, bulkBytes: () => bulkBytes });
    this.deframer = new Deframer(LIMITS, {
      message: (kind, channel, payload) => void this.arrived.push({ kind, channel, payload: Buffer.from(payload) }),
      credited: () => {},
      grant: (number, bytes) => void this.credits.push([number, bytes]),
      forgetGrant: (number) => {
        this.credits = this.credits.filter(([one]) => one !== number);
      },
    });
  }

  end(): void {
    // The naive reader agrees about everything that this session committed and that arrived.
    this.check();
    const delivered = new Set(this.arrived.map(textOf));
    for (const { message, text } of this.pushed) {
      if (message.state === "committed" && !delivered.has(text)) this.lost.add(message);
    }
    this.outbox.release();
    this.begin();
  }

  check(): void {
    const committed = Buffer.concat(this.stream);
    if (this.underWay.length > 0) return;
    expect(shown(this.arrived.slice(this.sessionStart))).toEqual(shown(readMessages(committed)));
  }

  step(): void {
    const { chance } = this;
    switch (chance.int(12)) {
      case 0:
      case 1:
      case 2:
        return this.push();
      case 3:
        return this.withdraw();
      case 4:
        if (chance.once(12)) this.end();
        return;
      case 5:
      case 6: {
        const credit = this.credits.shift();
        if (credit !== undefined) this.outbox.credited(...credit);
        return;
      }
      case 7:
      case 8:
      case 9:
        return this.pull(chance.pick([65_518, 65_518, 20_000, 16_392, 500]));
      default:
        return this.deliver();
    }
  }

  push(): void {
    const { chance } = this;
    const lane = chance.pick<Lane>(["control", "call", "call", "send", "send"]);
    const channel = chance.int(3);
    const length = chance.pick([16, 30, 200, 16_384, 16_385, 16_392, 16_393, 20_000, 32_000, 60_000]);
    const payload = Buffer.from(chance.bytes(length));
    payload.writeUInt32BE(this.pushed.length);
    const message = new OutMessage(KINDS[lane], channel, payload, lane);
    if (this.outbox.push(message) === "queued")
      this.pushed.push({ message, text: textOf({ kind: message.kind, channel, payload }) });
  }

  withdraw(): void {
    if (this.pushed.length === 0) return;
    const { message } = this.chance.pick(this.pushed.slice(-8));
    const { state } = message;
    if (state === "partly") this.partly++;
    const taken = this.outbox.withdraw(message);
    expect(taken).toBe(state === "queued" || state === "partly");
    if (taken) this.withdrawn.add(message);
  }

  pull(room: number): void {
    const parts = this.outbox.pull(room, this.offset, this.underWayBytes);
    const bytes = Buffer.concat(parts);
    if (bytes.length === 0) return;
    expect(bytes.length).toBeLessThanOrEqual(room);
    readFrames(bytes); // whole frames only
    this.stream.push(bytes);
    this.offset += bytes.length;
    this.underWay.push(bytes);
    this.underWayBytes += bytes.length;
  }

  deliver(): void {
    const bytes = this.underWay.shift();
    if (bytes === undefined) return;
    this.underWayBytes -= bytes.length;
    const cut = this.chance.int(bytes.length);
    this.deframer.push(bytes.subarray(0, cut));
    this.deframer.push(bytes.subarray(cut));
    expect(this.deframer.unfinished).toBeLessThanOrEqual(LIMITS.assemblyMessages);
  }

  finish(): void {
    for (let idle = 0; idle < 3; ) {
      const before = this.offset;
      const credits = this.credits.splice(0);
      for (const credit of credits) this.outbox.credited(...credit);
      this.pull(65_518);
      while (this.underWay.length > 0) this.deliver();
      idle = this.offset === before && credits.length === 0 ? idle + 1 : 0;
    }
    this.check();
  }
}

function textOf(plain: Plain): string {
  return shown([plain])[0] as string;
}

/** The number in a message: the how-manieth it was pushed. */
function numbers(messages: readonly Plain[], kind: number, channel?: number): number[] {
  return messages
    .filter((one) => one.kind === kind && (channel ?? one.channel) === one.channel)
    .map((one) => one.payload.readUInt32BE(0));
}

test(`every message arrives once, whole and in its order, unless it was withdrawn or its session ended (seed ${SEED})`, {
  timeout: soak(30_000),
}, () => {
  let count = 0;
  let dropped = 0;
  for (let round = 0; round < soak(60); round++) {
    const run = new Run(SEED + round);
    const say = `seed ${SEED + round}`;
    for (let step = 0; step < 300; step++) run.step();
    run.finish();
    expect(run.outbox.isEmpty, say).toBe(true);
    expect(run.outbox.queuedBytes, say).toBe(0);
    expect(run.deframer.unfinished, say).toBe(0);
    const arrived = new Map<string, number>();
    for (const one of run.arrived) arrived.set(textOf(one), (arrived.get(textOf(one)) ?? 0) + 1);
    for (const { message, text } of run.pushed) {
      const expected = run.withdrawn.has(message) || run.lost.has(message) ? 0 : 1;
      expect(arrived.get(text) ?? 0, `${say}, message ${text.slice(0, 12)} ${message.state}`).toBe(expected);
    }
    expect(run.arrived.length, say).toBe(arrived.size);
    const inOrder = (list: number[]): void => expect(list, say).toEqual(list.toSorted((one, other) => one - other));
    inOrder(numbers(run.arrived, KINDS.send));
    inOrder(numbers(run.arrived, KINDS.control));
    for (const channel of [0, 1, 2]) inOrder(numbers(run.arrived, KINDS.call, channel));
    count += run.arrived.length;
    dropped += run.partly;
  }
  expect(count).toBeGreaterThan(soak(60) * 20);
  expect(dropped).toBeGreaterThan(0);
});
