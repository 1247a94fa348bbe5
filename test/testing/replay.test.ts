import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { Room, User } from "chatroom";
import { type HostOptions, simulate, type SimulationEvent } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { soak } from "../support/seeded.ts";
import { busyEvents, digest, problemsOf } from "./busy-people.ts";

expectNothingLeft();

function count(all: readonly SimulationEvent[], what: SimulationEvent["what"]): number {
  return all.filter((event) => event.what === what).length;
}

/** The last calls that all made, once the faults were over, and that were answered. */
function answered(all: readonly SimulationEvent[]): number {
  return all.filter(({ text }) => text?.endsWith(": all well")).length;
}

test("one seed gives the same events a hundred times over: faults, calls, sends, restarts", {
  timeout: soak(120_000),
}, async () => {
  const first = await busyEvents(8);
  for (const what of ["cut", "stall", "partition", "crash", "start", "reset", "refused", "bytes"] as const)
    expect(count(first, what), what).toBeGreaterThan(0);
  expect(answered(first)).toBe(6);
  expect(await busyEvents(8)).toEqual(first);
  const digests = new Set<string>();
  for (let replay = 1; replay < soak(100); replay++) digests.add(digest(await busyEvents(8)));
  expect([...digests]).toEqual([digest(first)]);
});

test("every seed repeats itself, no two are alike, no call runs twice or lies, and all reach each other in the end", {
  timeout: soak(120_000),
}, async () => {
  const seen = new Set<string>();
  const seeds = soak(20);
  for (let seed = 1; seed <= seeds; seed++) {
    const first = await busyEvents(seed);
    expect(answered(first), `seed ${seed}`).toBe(6);
    expect(problemsOf(first), `seed ${seed}`).toEqual([]);
    expect(await busyEvents(seed), `seed ${seed}`).toEqual(first);
    seen.add(digest(first));
  }
  expect(seen.size).toBe(seeds);
});

test("another process repeats a seed too", { timeout: 60_000 }, async () => {
  const child = new URL("replay-child.ts", import.meta.url).pathname;
  const args = ["--conditions=chatroom-source", "--import", "tsx", child, "5"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout.trim()).toBe(digest(await busyEvents(5)));
});

/** A digest of every byte that a call over fresh links writes: handshakes, tickets, sealed records. */
async function bytesOf(seed: number): Promise<string> {
  const hash = createHash("sha256");
  await simulate({ seed }, async (net) => {
    const tapped = (name: string): HostOptions => {
      const { environment, log } = net.host(name).options;
      const dial: HostOptions["environment"]["dial"] = async (options) => {
        const pipe = await environment.dial(options);
        const write = pipe.write.bind(pipe);
        return Object.assign(pipe, {
          write: (parts: readonly Uint8Array[]) => {
            for (const part of parts) hash.update(part);
            return write(parts);
          },
        });
      };
      return { log, environment: { ...environment, dial } };
    };
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", tapped("foo"));
    await using bar = await User.join("Bar", tapped("bar"));
    bar.handle("echo", (data) => data);
    hash.update(String(await foo.peer("Bar").get("echo", room.names.join())));
  });
  return hash.digest("hex");
}

test("the bytes themselves are those of the seed, keys among them", async () => {
  expect(await bytesOf(1)).toBe(await bytesOf(1));
  expect(await bytesOf(1)).not.toBe(await bytesOf(2));
});
