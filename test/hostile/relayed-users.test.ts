import { Room, User } from "chatroom";
import { simulate } from "chatroom/testing";
import { afterEach, expect, test, vi } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import type { Environment } from "../../src/link/environment.ts";
import { encodeFrame, FRAME } from "../../src/link/handshake-frames.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { Introductions } from "../../src/room/introductions.ts";
import type { RoomMember } from "../../src/room/member.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { soak } from "../support/seeded.ts";

expectNothingLeft();
afterEach(() => vi.restoreAllMocks());

/** What a Room does to bytes that it relays, instead of passing them on. */
const TAMPERS: Readonly<
  Record<string, (bytes: Uint8Array, write: (bytes: Uint8Array) => void, held: Uint8Array[]) => void>
> = {
  flips: (bytes, write) => {
    const changed = bytes.slice();
    changed[changed.length >> 1] = (changed[changed.length >> 1] as number) ^ 1;
    write(changed);
  },
  drops: () => {},
  repeats: (bytes, write) => {
    write(bytes);
    write(bytes);
  },
  reorders: (bytes, _write, held) => void held.push(bytes),
  truncates: (bytes, write) => write(bytes.slice(0, bytes.length >> 1)),
};
const SPLICED = encodeFrame(FRAME.relay, new Uint8Array(0));

/** An environment for a Room that tampers with every so-manieth write to a spliced connection, as soon as it is told to. */
function tampering(machine: Partial<Environment>): {
  environment: Partial<Environment>;
  does: { what: string | undefined; times: number };
} {
  const does: { what: string | undefined; times: number } = { what: undefined, times: 0 };
  let writes = 0;
  const spoil = (pipe: Pipe): Pipe => {
    let isSpliced = false;
    const held: Uint8Array[] = [];
    const write = pipe.write.bind(pipe);
    const spoiled: Pipe["write"] = (parts, isGiven) => {
      const bytes = concat(parts);
      if (!isSpliced) {
        isSpliced = Buffer.from(bytes.subarray(0, SPLICED.length)).equals(SPLICED);
        return write(parts, isGiven);
      }
      if (does.what !== undefined && ++writes % 25 === 0) {
        does.times++;
        TAMPERS[does.what]?.(bytes, (changed) => write([changed]), held);
        return true;
      }
      return write([bytes, ...held.splice(0)]);
    };
    return new Proxy(pipe, {
      get(target, key) {
        const value: unknown = key === "write" ? spoiled : Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  const listen: Environment["listen"] = (options) =>
    (machine as Environment).listen({ ...options, accept: (pipe) => options.accept(spoil(pipe)) });
  return { environment: { ...machine, listen }, does };
}

test.each(Object.keys(TAMPERS))(
  "case 44: a relay that %s bytes breaks links and no more: each call is answered, by what its handler said, and ran once",
  async (what) => {
    await simulate({ latencyMs: [2, 4], seed: 44 }, async (net) => {
      const its = net.host("room").options;
      const { environment, does } = tampering(its.environment);
      await using room = await Room.open({ ...its, environment });
      await using foo = await User.join("Foo", net.host("foo").options);
      await using bar = await User.join("Bar", net.host("bar").options);
      await using baz = await User.join("Baz", net.host("baz").options);
      const ran = new Map<number, number>();
      for (const user of [bar, baz])
        user.handle("echo", (n) => {
          ran.set(n as number, (ran.get(n as number) ?? 0) + 1);
          return n;
        });
      net.partition("foo", "bar");
      expect(await foo.peer("Bar").get("echo", -1)).toBe(-1);
      await net.sleep(10_000); // what else was tried to reach each other is over
      expect([foo.peer("Bar").path, room.status().relayed.length]).toEqual(["relay", 1]);
      does.what = what;
      const CALLS = soak(200);
      for (let n = 0; n < CALLS; n += 4) {
        const four = [n, n + 1, n + 2, n + 3];
        expect(await Promise.all(four.map((m) => foo.peer("Bar").get("echo", m)))).toEqual(four);
      }
      expect(does.times).toBeGreaterThan(3);
      expect(await foo.peer("Baz").get("echo", CALLS)).toBe(CALLS);
      expect([...ran.values()].filter((times) => times !== 1)).toEqual([]);
      expect(ran.size).toBe(CALLS + 2);
    });
  },
  60_000,
);

test("case 43: a Room that gives one user's HELLO to another one: that one refuses it, nothing is said to it, and the call is told why nobody is reached", async () => {
  await simulate({ latencyMs: [2, 4], seed: 43 }, async (net) => {
    const members = new Map<string, RoomMember>();
    type Introduce = (this: Introductions, ...input: Parameters<Introductions["introduce"]>) => boolean;
    const honest: Introduce = Reflect.get(Introductions.prototype, "introduce");
    vi.spyOn(Introductions.prototype, "introduce").mockImplementation(function (
      this: Introductions,
      asker,
      other,
      wish,
    ) {
      for (const member of [asker, other]) members.set(member.name, member);
      return honest.call(this, asker, asker.name === "Foo" ? (members.get("Baz") as RoomMember) : other, wish);
    });
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    await using baz = await User.join("Baz", net.host("baz").options);
    const ran: string[] = [];
    for (const user of [bar, baz]) user.handle("who", () => void ran.push(user.name));
    await baz.peer("Bar").get("who");
    expect(ran).toEqual(["Bar"]);
    const asked = foo.peer("Bar").get("who", undefined, { timeoutMs: 10_000 });
    await expect(asked).rejects.toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
    await expect(asked).rejects.toThrow(
      /Bar is here but can't be reached: .*through the Room.*: the other side refused: it does not know the ticket/,
    );
    expect([ran, foo.peer("Bar").path, foo.peer("Baz").path, baz.peer("Foo").path]).toEqual([
      ["Bar"],
      undefined,
      undefined,
      undefined,
    ]);
    expect(room.names).toEqual(["Bar", "Baz", "Foo"]);
  });
});

test("a Room that goes down at any moment of an introduction: the call is answered when it is back, and ran once", async () => {
  await simulate({ latencyMs: [5, 5], seed: 9 }, async (net) => {
    let ran = 0;
    let room = await Room.open(net.host("room").options);
    for (let ms = 0; ms <= 120; ms += 5) {
      for (const isCrash of [false, true]) {
        const foo = await User.join("Foo", net.host("foo").options);
        const bar = await User.join("Bar", net.host("bar").options);
        bar.handle("count", () => ++ran);
        if (ms % 10 === 0) net.partition("foo", "bar");
        const before = ran;
        const answer = foo.peer("Bar").get("count", undefined, { timeoutMs: 30_000 });
        await net.sleep(ms);
        if (isCrash) {
          net.host("room").crash();
          await net.host("room").restart();
        } else await room.close();
        await net.sleep(200);
        room = await Room.open(net.host("room").options);
        expect(await answer, `after ${ms} ms`).toBe(before + 1);
        net.heal();
        await Promise.all([foo.close(), bar.close()]);
      }
    }
    await room.close();
  });
}, 60_000);
