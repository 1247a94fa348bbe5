import { setImmediate as turn } from "node:timers/promises";
import { type Adapter, type Connection, TEXT } from "./adapter.ts";

const MIB = 1_048_576;

export interface Counted {
  count: number;
  ms: number;
}

/** One call at a time: the median round trip in microseconds. */
export async function latency(connection: Connection, ms: number): Promise<number> {
  const all: number[] = [];
  const end = performance.now() + ms;
  for (let start = performance.now(), n = 0; start < end; n++) {
    const answer = await connection.call({ text: TEXT, n });
    const now = performance.now();
    if (answer.n !== n) throw new Error("a wrong answer");
    all.push(now - start);
    start = now;
  }
  return median(all) * 1_000;
}

/** Calls with `lanes` of them in flight. */
export function load(connection: Connection, ms: number, lanes: number): Promise<Counted> {
  return inLanes(ms, lanes, async (n) => {
    const answer = await connection.call({ text: TEXT, n });
    if (answer.n !== n || answer.text !== TEXT) throw new Error("a wrong answer");
  });
}

/** One-way messages, counted where they are handled. */
export async function oneWay(connection: Connection, ms: number): Promise<Counted> {
  const before = await connection.told();
  const start = performance.now();
  await inLanes(ms, 4, (n) => connection.tell({ text: TEXT, n }, 256));
  const count = (await connection.told()) - before;
  return { count, ms: performance.now() - start };
}

/** Echoes of 1 MiB, `lanes` of them in flight. */
export function mebibytes(connection: Connection, ms: number, lanes: number): Promise<Counted> {
  const data = new Uint8Array(MIB).map((_, index) => index * 7);
  return inLanes(ms, lanes, async () => {
    const answer = await connection.echo(data);
    if (answer.length !== MIB || answer[MIB - 1] !== data[MIB - 1]) throw new Error("a wrong answer");
  });
}

/** Connections made and ended, `lanes` of them at once. */
export function touches(adapter: Adapter, port: number, ms: number, lanes: number): Promise<Counted> {
  return inLanes(ms, lanes, async () => {
    const held = await adapter.touch(port);
    held.close();
    await turn();
  });
}

/** Repeats `work` in so many lanes until the time is up; each call of it is counted when it is done. */
async function inLanes(ms: number, lanes: number, work: (n: number) => Promise<void>): Promise<Counted> {
  let count = 0;
  let next = 0;
  const start = performance.now();
  const end = start + ms;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await work(next++);
      count++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { count, ms: performance.now() - start };
}

export function median(all: readonly number[]): number {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
