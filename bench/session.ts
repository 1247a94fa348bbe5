/**
 * What a session costs without crypto and sockets: two of them in one process, on links that join the parts of a record and hand it over in the next turn of the loop.
 *
 *   node --import tsx bench/session.ts
 */
import { systemClock } from "../src/base/clock.ts";
import { OutMessage } from "../src/session/out-message.ts";
import { Outbox } from "../src/session/outbox.ts";
import { Session, type SessionEvents, type SessionLink } from "../src/session/session.ts";

type LinkEvents = Parameters<SessionLink["start"]>[0];

let records = 0;
/** Keeps the compiler from leaving out what a receiver would look at. */
let taken = 0;

class BenchLink implements SessionLink {
  readonly rttMs = undefined;
  other: BenchLink | undefined;
  #events: LinkEvents | undefined;
  #queue: Uint8Array[] = [];
  #bufferedBytes = 0;

  get writable(): boolean {
    return this.#bufferedBytes < 65_536;
  }

  start(events: LinkEvents): void {
    this.#events = events;
  }

  send(parts: readonly Uint8Array[]): void {
    let length = 0;
    for (const part of parts) length += part.length;
    const record = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      record.set(part, at);
      at += part.length;
    }
    records++;
    this.#bufferedBytes += length;
    if (this.#queue.push(record) === 1) setImmediate(() => this.#carry());
  }

  #carry(): void {
    const queue = this.#queue;
    const wasFull = !this.writable;
    this.#queue = [];
    this.#bufferedBytes = 0;
    const events = this.other === undefined ? undefined : this.other.#events;
    for (const record of queue) events?.data(record);
    if (wasFull) this.#events?.drain();
  }

  ping(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): void {}
  destroy(): void {}
}

function pair(eventsA: SessionEvents, eventsB: SessionEvents): [Outbox, Outbox] {
  const local = { incarnation: new Uint8Array(12), epoch: 0 };
  const remote = { incarnation: new Uint8Array(12).fill(1), epoch: 0 };
  const [a, b] = [new Outbox(), new Outbox()];
  const one = new Session({ local, remote, outbox: a, events: eventsA, clock: systemClock, closesLinks: true });
  const other = new Session({
    local: remote,
    remote: local,
    outbox: b,
    events: eventsB,
    clock: systemClock,
    closesLinks: false,
  });
  const [left, right] = [new BenchLink(), new BenchLink()];
  left.other = right;
  right.other = left;
  one.attach(left);
  other.attach(right);
  return [a, b];
}

const ended = (): void => {};

/** One way: as many as fit are pushed in each turn. */
function oneWay(count: number, payloadBytes: number): Promise<void> {
  return new Promise((resolve) => {
    let got = 0;
    const message = (_kind: number, _channel: number, payload: Uint8Array): void => {
      taken += payload[payload.length - 1] as number;
      if (++got === count) resolve();
    };
    const [outbox] = pair({ message: () => {}, ended }, { message, ended });
    let pushed = 0;
    const push = (): void => {
      for (let left = 500; left > 0 && pushed < count && outbox.hasRoom(payloadBytes); left--, pushed++) {
        outbox.push(new OutMessage(0x12, pushed, new Uint8Array(payloadBytes), "send"));
      }
      if (pushed < count) setImmediate(push);
    };
    push();
  });
}

/** Requests and answers of the same size, so many at once. */
function echo(count: number, atOnce: number, payloadBytes: number): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0;
    let answered = 0;
    const ask = (): void => {
      if (asked === count) return;
      asked++;
      client.push(new OutMessage(0x11, asked, new Uint8Array(payloadBytes), "call"));
    };
    const [client, server] = pair(
      {
        message: (_kind, _channel, payload) => {
          taken += payload[payload.length - 1] as number;
          if (++answered === count) resolve();
          else ask();
        },
        ended,
      },
      {
        message: (_kind, channel, payload) =>
          void server.push(new OutMessage(0x13, channel, new Uint8Array(payload.length), "call")),
        ended,
      },
    );
    for (let left = atOnce; left > 0; left--) ask();
  });
}

async function measure(
  name: string,
  count: number,
  run: (count: number) => Promise<void>,
  bytesEach: number,
): Promise<void> {
  await run(Math.ceil(count / 5));
  const rates: number[] = [];
  let recordsEach = 0;
  for (let round = 0; round < 5; round++) {
    records = 0;
    const start = process.cpuUsage();
    const at = performance.now();
    await run(count);
    const seconds = (performance.now() - at) / 1000;
    const cpu = process.cpuUsage(start);
    recordsEach = records / count;
    rates.push(count / seconds);
    if (round === 4) {
      const perSecond = rates.toSorted((one, other) => one - other)[2] as number;
      const cpuMicros = (cpu.user + cpu.system) / count;
      console.log(
        `${name.padEnd(28)} ${Math.round(perSecond).toLocaleString("en").padStart(12)}/s  ${((perSecond * bytesEach) / 2 ** 20).toFixed(0).padStart(6)} MiB/s` +
          `  ${cpuMicros.toFixed(2).padStart(8)} µs CPU each  ${recordsEach.toFixed(3)} records each`,
      );
    }
  }
}

console.log(`Node ${process.version}, median of 5`);
await measure("one way, 60 bytes", 1_000_000, (count) => oneWay(count, 60), 60);
await measure("one way, 1 KiB", 200_000, (count) => oneWay(count, 1024), 1024);
await measure("echo 128 at once, 60 bytes", 400_000, (count) => echo(count, 128, 60), 120);
await measure("echo 1 at once, 60 bytes", 50_000, (count) => echo(count, 1, 60), 120);
await measure("echo 1 at once, 1 MiB", 300, (count) => echo(count, 1, 2 ** 20), 2 ** 21);
if (taken !== 0) throw new Error("the bytes that came are not those that were sent");
