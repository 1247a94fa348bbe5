import { expect, onTestFinished, test } from "vitest";
import { join, openRoom } from "../support/rooms.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { Line } from "./line.ts";

const SEED = seedOfRun();
const CALLS = soak(200);
const CUTS = soak(6);
const IN_FLIGHT = 12;

/** Around each size from which on memory is freed by hand, or a value may be a view of its message: a fragment, a large buffer, a record, what comes without credit. */
const EDGES = [16_368, 16_384, 49_152, 65_536, 131_072];

function sizeOf(chance: () => number): number {
  if (chance() < 0.3) return Math.floor(chance() * 200);
  if (chance() < 0.5) return (EDGES[Math.floor(chance() * EDGES.length)] as number) - 40 + Math.floor(chance() * 80);
  return Math.floor(chance() * 400_000);
}

/** Bytes that no others are alike. */
function patterned(n: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (n * 31 + at * 7 + (at >> 8)) & 0xff;
  return bytes;
}

interface Kept {
  readonly n: number;
  readonly size: number;
  readonly bytes: Uint8Array;
}

function isWrong({ n, size, bytes }: Kept): boolean {
  return Buffer.compare(bytes, patterned(n, size)) !== 0;
}

test.each([true, false])(
  `bytes that handlers and callers keep stay what they were, though buffers are freed behind them, over connections that are slow and cut (encryption %s)`,
  async (encryption) => {
    const chance = seeded(SEED);
    const line = await Line.open({ bytesPerSecond: 30_000_000, delayMs: 1, bufferBytes: 65_536 });
    onTestFinished(() => line.close());
    const room = await openRoom({ encryption });
    const environment = { dial: line.dialExcept(room.port) };
    const foo = await join(room, "Foo", { environment, encryption });
    const bar = await join(room, "Bar", { environment, encryption });
    const kept: Kept[] = [];
    for (const user of [foo, bar])
      user.handle("echo", (input) => {
        kept.push(input as Kept);
        return (input as Kept).bytes;
      });
    const listening = (async () => {
      for await (const { data } of bar.messages()) kept.push(data as Kept);
    })();
    let last = 0;
    const worker = async (from: typeof foo, to: string): Promise<void> => {
      while (last < CALLS) {
        const n = ++last;
        const size = sizeOf(chance);
        const input = { n, size, bytes: patterned(n, size) };
        if (to === "Bar" && n % 5 === 0) await from.peer(to).send(input);
        else kept.push({ n, size, bytes: (await from.peer(to).get("echo", input)) as Uint8Array });
        if (isWrong(input)) throw new Error(`what was given to call ${n} changed`);
      }
    };
    const calls = Promise.all(
      Array.from({ length: IN_FLIGHT }, (_, at) => (at % 2 === 0 ? worker(foo, "Bar") : worker(bar, "Foo"))),
    ).finally(() => line.uncut());
    for (let cut = 0; cut < CUTS; cut++)
      await Promise.race([line.cutAfter(Math.floor(chance() * 3_000_000), cut % 2 === 0 ? "reset" : "end"), calls]);
    await calls;
    await bar.close();
    await listening;
    expect(
      kept.filter(isWrong).map(({ n, size }) => `${n}: ${size}`),
      `seed ${SEED}`,
    ).toEqual([]);
    expect(kept.length).toBeGreaterThan(1.5 * CALLS);
    expect(line.opened).toBeGreaterThan(CUTS / 2);
  },
);
