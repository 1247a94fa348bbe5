import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { labTest } from "./lab-test.ts";
import type { LabOptions } from "./lab.ts";
import { type Meeting, meetings, openWorld } from "./meeting.ts";
import type { Program } from "./program.ts";
import type { Network } from "./programs/network.ts";

/** Four round trips between a user and the Room, and what programs on a busy machine take: two thirds of it is for this machine's other work. */
const FIRST_CALL_MS = 300;

async function meetOften(options: LabOptions, times: number): Promise<Meeting[]> {
  await using world = await openWorld(options, {}, "a1", "b1");
  const [one, other] = world.programs as [Program<Network>, Program<Network>];
  return await meetings(world.at, one, other, times);
}

const pathsOf = (list: readonly Meeting[]): string[] => list.map(({ path }) => path);

labTest("behind two home routers a hole is opened, in every one of five meetings", async () => {
  const list = await meetOften({ routers: ["easy", "easy"] }, 5);
  expect(pathsOf(list)).toEqual(Array(5).fill("punched"));
});

labTest("behind a home router and a firewall, and behind two firewalls, a hole is opened", async () => {
  const lists = await Promise.all([meetOften({ routers: ["easy", "fw"] }, 3), meetOften({ routers: ["fw", "fw"] }, 3)]);
  expect(lists.flatMap(pathsOf)).toEqual(Array(6).fill("punched"));
});

labTest("over lines of 50 ms that lose every fiftieth packet a hole is opened too", async () => {
  const list = await meetOften({ routers: ["easy", "easy"], delayMs: 50, loss: 0.02, seed: 7 }, 3);
  expect(pathsOf(list)).toEqual(Array(3).fill("punched"));
});

labTest(
  "where a router gives each connection another port, or lets nobody out but to the Room, the Room relays",
  async () => {
    const lists = await Promise.all([
      meetOften({ routers: ["easy", "hard"] }, 2),
      meetOften({ routers: ["hard", "hard"] }, 1),
      meetOften({ routers: ["easy", "block"] }, 1),
    ]);
    expect(lists.flatMap(pathsOf)).toEqual(Array(4).fill("relay"));
  },
);

labTest(
  "two users of one LAN talk within it, and a public host is dialled directly by one behind any router",
  async () => {
    await using world = await openWorld({ routers: ["hard", "block"] }, {}, "a1", "a2", "public");
    const [a1, a2, host] = world.programs as [Program<Network>, Program<Network>, Program<Network>];
    const [lan] = await meetings(world.at, a1, a2, 1);
    expect(lan?.path).toBe("lan");
    const [open] = await meetings(world.at, a1, host, 1);
    expect(open?.path).toBe("public");
    for (const { firstMs } of [lan, open] as Meeting[]) expect(firstMs).toBeLessThan(FIRST_CALL_MS);
  },
);

labTest(
  "what two users say to each other through a hole does not pass the Room; what it relays holds nothing of what they say",
  async () => {
    await using world = await openWorld({ routers: ["easy", "easy"] }, { room: {} }, "a1", "b1");
    const [a1, b1] = world.programs as [Program<Network>, Program<Network>];
    const { at, lab } = world;
    const atFirst = await lab.capture("room");
    await Promise.all([a1.ask("join", { name: "Foo", room: at }), b1.ask("join", { name: "Bar", room: at })]);
    const pair = { name: "Foo", peer: "Bar" };
    const canary = "canary-0123456789-".repeat(1_000);
    await a1.ask("call", { ...pair, data: canary });
    expect(await a1.ask("reaches", { ...pair, over: "punched", timeoutMs: 10_000 })).toBeDefined();
    expect(await b1.ask("reaches", { name: "Bar", peer: "Foo", over: "punched", timeoutMs: 10_000 })).toBeDefined();
    const relayed = await atFirst.stop();
    const [atRoom, atRouter] = await Promise.all([lab.capture("room"), lab.capture("a")]);
    for (let n = 0; n < 20; n++) await a1.ask("call", { ...pair, data: canary });
    const [later, punched] = [await atRoom.stop(), await atRouter.stop()];
    const bytesOf = ({ streams }: typeof later): number => streams.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(bytesOf(relayed)).toBeGreaterThan(canary.length); // the first call went through it
    expect(bytesOf(punched)).toBeGreaterThan(40 * canary.length);
    expect(bytesOf(later)).toBeLessThan(canary.length); // pings, and what is left of the move
    for (const { streams } of [relayed, later, punched])
      for (const { bytes } of streams) expect(bytes.includes("canary-0123456789")).toBe(false);
  },
);

labTest(
  "a user that claims the address of another one of a LAN, which answers there: nobody is taken for somebody else",
  async () => {
    await using world = await openWorld({ routers: ["easy", "hard"] }, {}, "a1", "a2", "b1");
    const [a1, a2, b1] = world.programs as [Program<Network>, Program<Network>, Program<Network>];
    const { at, lab } = world;
    const [theirs = ""] = lab.host("a2").lanAddresses;
    const port = 4_000;
    await a1.ask("join", { name: "Foo", room: at, lan: "home" });
    await a2.ask("join", { name: "Baz", room: at, listenPort: port });
    await b1.ask("join", { name: "Bar", room: at, lan: "home", listenPort: port, claims: [theirs, "169.254.169.254"] });
    const pair = { name: "Foo", peer: "Bar" };
    expect(await a1.ask("whoIs", pair)).toBe("Bar");
    await a1.ask("settles", pair);
    const { peers } = await a1.ask("status", { name: "Foo" });
    const attempts = peers.find(({ name }) => name === "Bar")?.attempts ?? [];
    const tried = attempts.filter(({ address }) => address !== undefined);
    expect(tried.map(({ address, outcome, reason }) => [address, outcome, reason])).toEqual([
      [`${theirs}:${port}`, "failed", "stranger"],
    ]);
    expect(await a1.ask("path", pair)).toBe("relay");
    expect(await a1.ask("path", { name: "Foo", peer: "Baz" })).toBeUndefined();
    expect(await a1.ask("whoIs", pair)).toBe("Bar");
  },
);

labTest("two users of one LAN that reach the Room over IPv6 talk within it, over IPv6 or IPv4", async () => {
  await using world = await openWorld({ routers: ["easy", "easy"], ipv6: true }, {}, "a1", "a2");
  const [a1, a2] = world.programs as [Program<Network>, Program<Network>];
  const [, room = ""] = world.lab.host("room").lanAddresses;
  const [met] = await meetings(room, a1, a2, 1);
  expect(met?.path).toBe("lan");
});

labTest("two users of one LAN talk within it though one reaches the Room over IPv4 and one over IPv6", async () => {
  await using world = await openWorld({ routers: ["easy", "easy"], ipv6: true }, {}, "a1", "a2");
  const [a1, a2] = world.programs as [Program<Network>, Program<Network>];
  const [, room = ""] = world.lab.host("room").lanAddresses;
  const met = [...(await meetings([world.at, room], a1, a2, 2)), ...(await meetings([room, world.at], a1, a2, 2))];
  expect(met.map(({ path }) => path)).toEqual(Array(4).fill("lan"));
});

labTest(
  "a machine that gets another address in the middle of its calls: they go on within 10 s over the path that they had, and none fails",
  async () => {
    const loads = await Promise.all(
      (["a2", "b1"] as const).map(async (host) => {
        await using world = await openWorld({ routers: ["easy", "easy"] }, {}, "a1", host);
        const [one, other] = world.programs as [Program<Network>, Program<Network>];
        await Promise.all([
          one.ask("join", { name: "Foo", room: world.at }),
          other.ask("join", { name: "Bar", room: world.at }),
        ]);
        const pair = { name: "Foo", peer: "Bar" };
        const over = host === "a2" ? "lan" : "punched";
        await one.ask("startLoad", { ...pair, atOnce: 2, partBytes: 1_024 });
        expect(await one.ask("reaches", { ...pair, over, timeoutMs: 10_000 })).toBeDefined();
        await world.lab.host("a1").renumber();
        expect(await one.ask("answers", { ...pair, timeoutMs: 10_000 }), over).toBe(true);
        expect(await one.ask("reaches", { ...pair, over, timeoutMs: 20_000 }), over).toBeDefined();
        return await one.ask("stopLoad", pair);
      }),
    );
    for (const load of loads) expect(load).toMatchObject({ failures: [], isRight: true });
  },
  60_000,
);

labTest(
  "a machine that comes to be in one more network looks for a better path at once, not when the time has come",
  async () => {
    await using world = await openWorld({ routers: ["easy", "hard"] }, {}, "a1", "b1");
    const [a1, b1] = world.programs as [Program<Network>, Program<Network>];
    await Promise.all([
      a1.ask("join", { name: "Foo", room: world.at }),
      b1.ask("join", { name: "Bar", room: world.at }),
    ]);
    await a1.ask("call", { name: "Foo", peer: "Bar" });
    const triedTimes = async (times: number, withinMs: number): Promise<boolean> => {
      for (const start = performance.now(); performance.now() - start < withinMs; await sleep(50)) {
        const { peers } = await a1.ask("status", { name: "Foo" });
        const tries = peers[0]?.attempts.filter(({ path }) => path === "punched").length ?? 0;
        if (tries >= times) return true;
      }
      return false;
    };
    expect(await triedTimes(1, 20_000)).toBe(true);
    expect(await triedTimes(2, 8_000)).toBe(false); // a router that gives each destination another port does so for long
    await world.lab.host("a1").addAddress();
    expect(await triedTimes(2, 5_000)).toBe(true); // else it is tried after 45 s at the soonest
  },
);
