import { expect, test } from "vitest";
import { Deframer } from "../../src/session/deframer.ts";
import { ACK, ATTACH, DATA, END, MAX_DATA_BYTES } from "../../src/session/frames.ts";
import { creditedBytes, sessionLimits } from "../../src/session/limits.ts";
import { type Action, Machine } from "../../src/session/machine.ts";
import { ProtocolViolation } from "../../src/session/violation.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import { frame, u32, u64 } from "./naive.ts";
import { Seeded } from "./seeded.ts";

/** I6: caps of bytes and objects hold in every state that a lying peer can bring about. */

const SEED = seedOfRun();

const WINDOW_BYTES = 100_000;
const MAX_LINKS = 3;
/** The largest chunk that is committed at once. */
const CHUNK_BYTES = 5_000;

/** A record of a peer that knows where the stream stands, and lies about it now and then. */
function record(chance: Seeded, { committed, recv, links }: Machine, id: number): Buffer {
  const offsets = (): Buffer =>
    u64(chance.once(80) ? chance.pick([committed + 1, 2 ** 53]) : chance.int(committed + 1));
  const parts: Buffer[] = chance.once(80) ? [] : [Buffer.of(ACK), offsets()];
  const isNew = links.some((link) => link.id === id && !link.attached);
  if (isNew !== chance.once(80)) parts.unshift(Buffer.of(ATTACH), offsets());
  if (chance.once(150)) parts.push(Buffer.of(END), offsets(), Buffer.of(chance.int(5)), Buffer.alloc(chance.int(230)));
  else if (chance.once(100)) parts.push(Buffer.from(chance.bytes(chance.int(30))));
  else if (chance.once(2)) {
    const offset = Math.max(0, recv + chance.pick([0, 0, 0, 0, 0, 1, -1, -5_000]));
    parts.push(Buffer.of(DATA), u64(offset), Buffer.alloc(chance.once(80) ? 0 : 1 + chance.int(2_000)));
  }
  return Buffer.concat(parts);
}

/** One event, of the peer, of the network or of this side. */
function happen(machine: Machine, chance: Seeded, lastLink: { id: number }): readonly Action[] {
  const link = lastLink.id - chance.int(5);
  const what = chance.int(100);
  if (what < 50) return machine.record(link, record(chance, machine, link));
  if (what < 60) {
    const first = Buffer.concat([Buffer.of(ATTACH), u64(chance.int(machine.committed + 1))]);
    return [...machine.linkProven(++lastLink.id, chance.int(3)), ...machine.record(lastLink.id, first)];
  }
  if (what < 65) return machine.linkProven(++lastLink.id, chance.int(3));
  if (what < 68) return machine.linkLost(link);
  if (what < 74) return machine.linkSuspect(link, chance.once(2));
  const source = {
    pull: (room: number): Uint8Array[] => [
      new Uint8Array(Math.min(room, 1 + chance.int(CHUNK_BYTES))),
      new Uint8Array(Math.min(Math.max(0, room - CHUNK_BYTES), chance.int(10))),
    ],
  };
  return machine.flush(source, chance.once(2));
}

function checkMachine(machine: Machine, actions: readonly Action[]): void {
  const { acked, committed, out, links, cur, ended } = machine;
  if (!(acked <= committed && committed - acked <= WINDOW_BYTES)) throw new Error("more than the window is kept");
  let bytes = 0;
  let chunks = 0;
  for (const chunk of out.chunks) {
    bytes += chunk.length;
    if (chunk.length > 0) chunks++;
  }
  // A chunk is let go of as a whole.
  if (bytes > (ended ? 0 : WINDOW_BYTES + CHUNK_BYTES)) throw new Error(`${bytes} bytes of chunks are kept`);
  if (chunks > committed - acked + 1 || out.chunks.length > 2 * chunks + 130)
    throw new Error(`${out.chunks.length} places for ${chunks} chunks`);
  if (links.length > (ended ? 0 : MAX_LINKS)) throw new Error(`${links.length} links`);
  if (cur !== undefined && !links.includes(cur)) throw new Error("a link that is gone is in use");
  const said = actions.filter(({ type }) => type !== "deliver").length;
  if (said > 2 * MAX_LINKS + 2) throw new Error(`one event led to ${said} actions`);
  for (const action of actions) {
    if (action.type !== "send") continue;
    const sent = action.parts.reduce((sum, part) => sum + part.length, 0);
    if (sent > MAX_DATA_BYTES + 18) throw new Error(`a record of ${sent} bytes`);
  }
}

test(`whatever records a peer sends on whatever links, no machine keeps more than its caps (seed ${SEED})`, {
  timeout: soak(60_000),
}, () => {
  const rounds = soak(2_000);
  const reasons: Record<string, number> = {};
  for (let number = 0; number < rounds; number++) {
    const seed = SEED + number;
    const chance = new Seeded(seed);
    const machine = new Machine({ windowBytes: WINDOW_BYTES, links: MAX_LINKS }, chance.once(2));
    const lastLink = { id: 0 };
    let reason = "alive";
    try {
      for (let left = 80; left > 0; left--) {
        const actions = happen(machine, chance, lastLink);
        checkMachine(machine, actions);
        const end = actions.find(({ type }) => type === "ended");
        if (end?.type === "ended" && reason !== "alive") throw new Error("it ended twice");
        if (end?.type === "ended") reason = end.byPeer ? "ended by the peer" : end.reason;
      }
    } catch (error) {
      throw new Error(`schedule of seed ${seed}, number ${number + 1}: ${(error as Error).message}`, { cause: error });
    }
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  console.log(`seed ${SEED}: ${JSON.stringify(reasons)}`);
  for (const reason of ["alive", "protocol", "ended by the peer"])
    expect(reasons[reason] ?? 0, reason).toBeGreaterThan(rounds / 50);
});

const LIMITS = sessionLimits({
  messageBytes: 300_000,
  assemblyMessages: 8,
  freeBytes: 20_000,
  assemblyBytes: 8 * 20_000 + 450_000,
});

/** A message that the peer has begun. `allowed`: how much of it may come. */
interface Begun {
  readonly number: number;
  readonly total: number;
  readonly channel: number;
  received: number;
  allowed: number;
}

/** What a peer began, and what it was given for it: kept apart from the code that is tried. */
class Liar {
  readonly chance: Seeded;
  readonly begun = new Map<number, Begun>();
  readonly deframer: Deframer;
  #lastNumber = -1;
  finished = 0;
  credits = 0;

  constructor(chance: Seeded) {
    this.chance = chance;
    this.deframer = new Deframer(LIMITS, {
      message: (_kind, channel, payload) => {
        if (payload.length > LIMITS.messageBytes) throw new Error("a message is over the cap");
        if (payload.length <= 16_384) return;
        this.finished++;
        this.begun.delete(channel);
      },
      credited: () => {},
      grant: (number, bytes) => this.#granted(number, bytes),
      forgetGrant: () => {},
    });
  }

  #granted(number: number, bytes: number): void {
    this.credits++;
    const message = [...this.begun.values()].find((one) => one.number === number);
    if (message === undefined) throw new Error(`credit for message ${number}, which is not under way`);
    if (bytes !== message.total - LIMITS.freeBytes) throw new Error(`credit of ${bytes} bytes`);
    message.allowed = message.total;
  }

  /** One more frame, right or wrong. */
  step(): void {
    const { chance, begun, deframer } = this;
    const list = [...begun.values()];
    const what = chance.int(100);
    if (list.length === 0 || (what < 20 && (list.length < LIMITS.assemblyMessages || chance.once(30)))) {
      const total = chance.once(100) ? chance.int(2 ** 32) : 16_385 + chance.int(LIMITS.messageBytes - 16_385);
      const piece = Buffer.alloc(1_024 + chance.int(10_000));
      const number = ++this.#lastNumber;
      const channel = 1_000 + number;
      begun.set(channel, { number, total, channel, received: piece.length, allowed: LIMITS.freeBytes });
      return deframer.push(frame(0x90, channel, Buffer.concat([u32(total), piece])));
    }
    const message = chance.pick(list);
    if (what < 26) {
      const number = message.number + (chance.once(20) ? 1 : 0);
      for (const one of list) if (one.number === number) begun.delete(one.channel);
      return deframer.push(frame(0x02, number, Buffer.alloc(0)));
    }
    if (what < 30) return deframer.push(frame(0x11, 7, chance.bytes(chance.int(100))));
    const left = message.total - message.received;
    const room = chance.once(200) ? left : Math.min(left, message.allowed - message.received);
    const bytes = Math.min(room, 16_384, chance.once(200) ? 500 : 16_384);
    if (bytes < 1_024 && bytes < left && !chance.once(100)) return;
    message.received += bytes;
    deframer.push(frame(bytes === left ? 0x10 : 0x90, message.channel, Buffer.alloc(bytes)));
  }

  check(): void {
    const list = [...this.begun.values()];
    const { assemblyMessages, assemblyBytes, freeBytes } = LIMITS;
    if (this.deframer.unfinished !== list.length)
      throw new Error(`${this.deframer.unfinished} of ${list.length} begun`);
    if (list.length > assemblyMessages) throw new Error(`${list.length} messages are unfinished`);
    const credited = list.filter(({ allowed }) => allowed > freeBytes).reduce((sum, { total }) => sum + total, 0);
    if (credited > creditedBytes(LIMITS)) throw new Error(`${credited} bytes are promised`);
    const kept = list.reduce((sum, { total, allowed }) => sum + Math.min(total, allowed), 0);
    if (kept > assemblyBytes) throw new Error(`${kept} bytes are set aside`);
    for (const { received, allowed } of list) if (received > allowed) throw new Error("bytes came without credit");
  }
}

test(`whatever big messages a peer begins, drops and goes on with, no more is promised or set aside than the caps (seed ${SEED})`, {
  timeout: soak(60_000),
}, () => {
  const rounds = soak(1_000);
  let violated = 0;
  let finished = 0;
  let credits = 0;
  for (let number = 0; number < rounds; number++) {
    const seed = SEED + number;
    const liar = new Liar(new Seeded(seed));
    try {
      for (let left = 100; left > 0; left--) {
        liar.step();
        liar.check();
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation))
        throw new Error(`schedule of seed ${seed}, number ${number + 1}: ${(error as Error).message}`, {
          cause: error,
        });
      violated++;
    }
    finished += liar.finished;
    credits += liar.credits;
  }
  console.log(`seed ${SEED}: ${violated} of ${rounds} ended, ${finished} messages finished, ${credits} credits`);
  expect(violated).toBeGreaterThan(rounds / 50);
  expect(rounds - violated).toBeGreaterThan(rounds / 50);
  expect(finished).toBeGreaterThan(rounds);
  expect(credits).toBeGreaterThan(rounds);
});
