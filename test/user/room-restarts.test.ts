import { Room, User } from "chatroom";
import { type HostOptions, simulate } from "chatroom/testing";
import { expect, test } from "vitest";
import { soak } from "../support/seeded.ts";

const ROOM = { host: "0.0.0.0", password: "of a test, and of nothing else" };
const RESTARTS = 10;

/** In [0, 4] ms what one does comes before what the other one does, after it, and in between. */
const LATENCY_MS = [0.05, 4] as const;

interface Restarts {
  readonly seed: number;
  readonly count: number;
  /** How long the Room stays, from when the first of the two has a link to the other: in ms. */
  readonly upMs: (chance: number) => number;
}

/** How long a call waited at the most, of two that call each other all the time through a Room that restarts, from when both are in again: in ms. */
async function longestWaitMs({ seed, count, upMs }: Restarts): Promise<number> {
  return await simulate({ seed, latencyMs: LATENCY_MS }, async (net) => {
    const over = new AbortController();
    let longest = 0;
    let room = await Room.open({ ...net.host("room").options, ...ROOM });
    const join = async (name: string, options: HostOptions): Promise<User> => {
      const user = await User.join(name, { ...options, room: { host: "room", password: ROOM.password } });
      user.handle("echo", (data) => data);
      return user;
    };
    const [fooOptions, barOptions] = [net.host("foo").options, net.host("bar").options];
    net.partition("foo", "bar");
    const [foo, bar] = [await join("Foo", fooOptions), await join("Bar", barOptions)];
    const answeredAt = [0, 0];
    const callAllTheTime = async (which: number, from: User, to: string): Promise<void> => {
      while (!over.signal.aborted) {
        await from.peer(to).get("echo", "x", { timeoutMs: 20_000 });
        answeredAt[which] = net.now;
        await net.sleep(25);
      }
    };
    const loads = [callAllTheTime(0, foo, "Bar"), callAllTheTime(1, bar, "Foo")];
    for (let restart = 0; restart < count; restart++) {
      while (foo.peer("Bar").path === undefined && bar.peer("Foo").path === undefined) await net.sleep(0.1);
      await net.sleep(upMs(net.chance()));
      await room.close();
      await net.sleep(net.chance() * 2);
      room = await Room.open({ ...net.host("room").options, ...ROOM });
      while (room.names.length < 2) await net.sleep(1);
      const start = net.now;
      while (answeredAt.some((at) => at < start)) await net.sleep(1);
      longest = Math.max(longest, net.now - start);
    }
    over.abort();
    await Promise.all(loads);
    await Promise.all([foo, bar].map((user) => user.close()));
    await room.close();
    return longest;
  });
}

const SEEDS = soak(8);

test(`two users whom only the Room connects talk again within half a second of being back in it, whoever is first, ${SEEDS * RESTARTS} times (seeds 1 to ${SEEDS})`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const longest = await longestWaitMs({ seed, count: RESTARTS, upMs: (chance) => 2_500 + chance * 20 });
    expect(longest, `seed ${seed}`).toBeLessThan(500);
  }
});

const FIRSTS = soak(100);

test(`and so they do when the Room ended while only one of them knew that they had met, ${FIRSTS} times (seeds 1 to ${FIRSTS})`, async () => {
  for (let seed = 1; seed <= FIRSTS; seed++) {
    const longest = await longestWaitMs({ seed, count: 1, upMs: (chance) => chance * 12 });
    expect(longest, `seed ${seed}`).toBeLessThan(500);
  }
});
