import { expect, test } from "vitest";
import { ACK, ATTACH, DATA, END } from "../../src/session/frames.ts";
import { OutMessage } from "../../src/session/out-message.ts";
import { MESSAGE_COST_BYTES, type Outbox } from "../../src/session/outbox.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import { frame, fragments, u32, u64 } from "./naive.ts";
import { Pair, type TestLink } from "./pair.ts";
import { Seeded } from "./seeded.ts";

const SEED = seedOfRun();
const LIMITS = { windowBytes: 70_000, queueHardBytes: 300_000, messageBytes: 300_000 };

/** A record that is right, nearly right, or noise. */
function record(chance: Seeded, stream: { offset: number; liesOnceIn: number }, committed: number): Buffer {
  const lies = (): boolean => chance.once(stream.liesOnceIn);
  const about = (value: number): number => Math.max(0, value + (lies() ? chance.pick([1, -1, -1_000]) : 0));
  const parts: Buffer[] = [];
  if (chance.once(3))
    parts.push(Buffer.concat([Buffer.of(ACK), u64(about(chance.once(2) ? committed : chance.int(committed + 1)))]));
  if (lies() && chance.once(20)) parts.push(Buffer.concat([Buffer.of(ATTACH), u64(0)]));
  if (lies() && chance.once(20))
    return Buffer.concat([
      ...parts,
      Buffer.of(END),
      u64(about(committed)),
      Buffer.of(chance.int(4)),
      Buffer.alloc(chance.int(220)),
    ]);
  const big = {
    kind: 0x10 + chance.int(3),
    channel: chance.int(4),
    payload: Buffer.alloc(20_000 + chance.int(200_000)),
  };
  const right = (): Buffer => frame(0x11, chance.int(5), chance.bytes(chance.int(300)));
  const odd = chance.pick([
    right,
    () => fragments(big, [16_000])[0] as Buffer,
    () => frame(0x91, big.channel, Buffer.concat([u32(chance.int(2 ** 31)), Buffer.alloc(chance.int(16_380))])),
    () => frame(big.kind | 0x80, big.channel, Buffer.alloc(1_024 + chance.int(15_000))),
    () => frame(big.kind, big.channel, Buffer.alloc(chance.int(16_000))),
    () => frame(0x01, chance.int(4), u32(chance.int(2 ** 31))),
    () => frame(0x02, chance.int(4), Buffer.alloc(0)),
    () => Buffer.from(chance.bytes(1 + chance.int(40))),
  ]);
  const body = lies() ? odd() : right();
  const offset = about(stream.offset);
  stream.offset = Math.max(stream.offset, offset + body.length);
  return Buffer.concat([...parts, Buffer.of(DATA), u64(offset), body]);
}

test(`whatever a hostile peer sends, a session stays within its caps or ends, once, and leaves nothing (seed ${SEED})`, {
  timeout: soak(30_000),
}, () => {
  const reasons: Record<string, number> = {};
  const rounds = soak(400);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const chance = new Seeded(SEED + round);
    const pair = new Pair({ limits: LIMITS });
    const { one } = pair;
    const links = [pair.link()[0]];
    pair.tick();
    links[0]?.events?.data(Buffer.concat([Buffer.of(ATTACH), u64(0)]));
    const stream = { offset: 0, liesOnceIn: chance.pick([2, 5, 100]) };
    let sent = 0;
    let acked = 0;
    for (let step = 0; step < 60 && !one.session.isEnded; step++) {
      for (let count = chance.int(5); count > 0; count--) refused += push(one.outbox, chance);
      pair.tick();
      for (const { sent: records } of links) for (const bytes of records) sent = Math.max(sent, lastOffset(bytes));
      checkCaps(pair, links, sent, `schedule of seed ${SEED + round}`);
      expect(one.session.acked).toBeGreaterThanOrEqual(acked);
      ({ acked } = one.session);
      const link = chance.pick(links);
      const { events } = link;
      if (link.isOpen) events?.data(record(chance, stream, sent));
      if (chance.once(5)) pair.clock.advance(10);
      link.writable = !chance.once(3);
      if (link.writable && link.isOpen) events?.drain();
      if (chance.once(8) && !one.session.isEnded) {
        const [another] = pair.link(chance.int(3));
        links.push(another);
        if (!chance.once(10)) another.events?.data(Buffer.concat([Buffer.of(ATTACH), u64(chance.int(sent + 1))]));
      }
    }
    const reason = one.reasons[0] ?? "alive";
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    expect(one.ends.length, `schedule of seed ${SEED + round}`).toBe(one.session.isEnded ? 1 : 0);
    one.session.end();
    expect(pair.clock.pending, `schedule of seed ${SEED + round}`).toBe(0);
  }
  console.log(`seed ${SEED}: ${JSON.stringify(reasons)}, ${refused} messages refused`);
  expect(refused).toBeGreaterThan(rounds / 50);
  for (const reason of ["protocol", "lost"]) expect(reasons[reason], reason).toBeGreaterThan(rounds / 50);
});

/** This side has something to say, small or big. @returns 1 when it was refused */
function push(outbox: Outbox, chance: Seeded): number {
  const bytes = chance.int(chance.once(2) ? 16_384 : 100_000);
  return outbox.push(new OutMessage(0x12, 1, new Uint8Array(bytes), "call")) === "full" ? 1 : 0;
}

/** I6, as far as a session shows it. */
function checkCaps({ one }: Pair, links: readonly TestLink[], sent: number, text: string): void {
  expect(sent - one.session.acked, text).toBeLessThanOrEqual(LIMITS.windowBytes);
  expect(links.filter(({ isOpen }) => isOpen).length, text).toBeLessThanOrEqual(one.outbox.limits.links);
  expect(one.outbox.queuedBytes, text).toBeLessThanOrEqual(2 * (LIMITS.queueHardBytes + MESSAGE_COST_BYTES));
}

/** Where the stream's bytes in a record end. */
function lastOffset(bytes: Buffer): number {
  const at = bytes[0] === DATA ? 0 : 9;
  return bytes.length > at && bytes[at] === DATA ? Number(bytes.readBigUInt64BE(at + 1)) + bytes.length - at - 9 : 0;
}
