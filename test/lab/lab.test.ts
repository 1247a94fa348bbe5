import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { expect } from "vitest";
import { ip, run } from "./command.ts";
import type { Host } from "./host.ts";
import { Lab } from "./lab.ts";
import { labTest } from "./lab-test.ts";
import { namespaceNames, processesIn } from "./namespaces.ts";
import type { Program } from "./program.ts";
import { outcome, PORT, PROBE, probes } from "./probes.ts";
import type { Dialled, Probe } from "./programs/probe.ts";

/** Dials the Room and the public host from one port: the two addresses that they see. */
async function mappings(lab: Lab, from: Program<Probe>): Promise<{ first: Dialled; second: Dialled }> {
  const first = await from.ask("dial", { host: lab.host("room").address, port: PORT });
  const { localPort } = first;
  const second = await from.ask("dial", { host: lab.host("public").address, port: PORT, localPort });
  expect([first.outcome, second.outcome, second.localPort]).toEqual(["open", "open", localPort]);
  return { first, second };
}

/** How a stranger fares who tries a port that is mapped for others, and who sends into the LAN through its router. */
async function strangers(lab: Lab, stranger: Program<Probe>, host: Host, seen: string): Promise<string[]> {
  const [address = "", port = ""] = seen.split(":");
  const lan = host.lanAddresses[0] as string;
  await ip(lab.host("public").namespace, [
    `route replace ${lan}/32 via ${lab.router(host.name[0] as "a" | "b").address}`,
  ]);
  return await Promise.all([outcome(stranger, address, Number(port)), outcome(stranger, lan)]);
}

labTest(
  "easy keeps one port for all destinations, hard has one for each; both silently drop strangers, but for a forwarded port",
  async () => {
    await using lab = await Lab.open({ routers: ["easy", "hard"] });
    const { public: stranger, a1, b1 } = await probes(lab, "room", "public", "a1", "b1");
    const a = await mappings(lab, a1);
    expect(a.first.seen).toBe(`${lab.host("a1").address}:${a.first.localPort}`);
    expect(a.second.seen).toBe(a.first.seen);
    const b = await mappings(lab, b1);
    expect(b.first.seen.split(":")[0]).toBe(lab.router("b").address);
    expect(b.second.seen).not.toBe(b.first.seen);
    expect(await strangers(lab, stranger, lab.host("a1"), a.first.seen)).toEqual(["timeout", "timeout"]);
    expect(await strangers(lab, stranger, lab.host("b1"), b.first.seen)).toEqual(["timeout", "timeout"]);

    // A port that is forwarded is open to everyone, at whatever address the router has.
    await lab.router("a").forward(PORT, "a1");
    expect(await outcome(stranger, lab.router("a").address)).toBe("open");
    await lab.router("a").renumber();
    expect(await outcome(b1, lab.router("a").address)).toBe("open");
  },
);

labTest(
  "rst refuses strangers; open lets into the LAN what finds the way, its own stack refuses the rest",
  async () => {
    await using lab = await Lab.open({ routers: ["rst", "open"] });
    const { public: stranger, a1, b1 } = await probes(lab, "room", "public", "a1", "b1");
    for (const [name, from] of [["a1", a1] as const, ["b1", b1] as const]) {
      const { first, second } = await mappings(lab, from);
      expect(second.seen).toBe(first.seen);
      expect(await strangers(lab, stranger, lab.host(name), first.seen)).toEqual([
        "ECONNREFUSED",
        name === "b1" ? "open" : "timeout",
      ]);
    }
  },
);

labTest(
  "fw translates nothing and drops strangers; block lets its LAN reach the Room by TCP, and nobody else",
  async () => {
    await using lab = await Lab.open({ routers: ["fw", "block"] });
    const { public: stranger, a1, b1 } = await probes(lab, "room", "public", "a1", "b1");
    const { first } = await mappings(lab, a1);
    expect(lab.host("a1").address).toBe(lab.host("a1").lanAddresses[0]);
    expect(first.seen).toBe(`${lab.host("a1").address}:${first.localPort}`);
    expect(await outcome(stranger, lab.host("a1").address)).toBe("timeout");
    expect(await outcome(b1, lab.host("room").address)).toBe("open");
    expect(await outcome(b1, lab.host("public").address)).toBe("EHOSTUNREACH");
    expect(await outcome(b1, lab.router("a").address)).toBe("EHOSTUNREACH");
    expect(await outcome(stranger, lab.router("b").address)).toBe("timeout");
  },
);

labTest("hosts have their IPv6 addresses; a lab that routes them has a firewall at each router", async () => {
  await using lab = await Lab.open({ ipv6: true });
  const { room, a1, a2 } = await probes(lab, "room", "a1", "a2");
  const { lanAddresses } = lab.host("a1");
  const [lan4 = "", local6 = "", public6 = ""] = lanAddresses;
  const held = await a1.ask("addresses", undefined);
  expect(held.map(canonical)).toEqual(expect.arrayContaining(lanAddresses.map(canonical)));
  expect(held.some((address) => address.startsWith("fe80::"))).toBe(true);
  expect([await outcome(a2, lan4), await outcome(a2, local6), await outcome(a2, public6)]).toEqual(
    Array(3).fill("open"),
  );
  const reached = await a1.ask("dial", { host: lab.host("room").lanAddresses[1] as string, port: PORT });
  expect(reached.outcome).toBe("open");
  expect(canonical(reached.seen.slice(0, reached.seen.lastIndexOf(":")))).toBe(canonical(public6));
  expect([await outcome(room, public6), await outcome(room, local6)]).toEqual(["timeout", "ENETUNREACH"]);
});

/** The one way to write an address. */
function canonical(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]`).hostname : address;
}

/** A round trip over lines of this delay in all, one way: never faster, and at best not much slower. */
function expectDelay(roundTripMs: number, delayMs: number): void {
  expect(roundTripMs).toBeGreaterThan(2 * delayMs - 0.1);
  expect(roundTripMs).toBeLessThan(2 * delayMs + 15);
}

labTest("a line has the delay and the rate that were asked for", async () => {
  await using lab = await Lab.open({ delayMs: 30 });
  const { a1 } = await probes(lab, "room", "a1");
  const room = lab.host("room").address;
  const fastest = async (): Promise<number> => {
    const { id } = await a1.ask("dial", { host: room, port: PORT, timeoutMs: 2_000 });
    return Math.min(...(await a1.ask("roundTrips", { id, count: 10 })));
  };
  expectDelay(await fastest(), 30);
  await lab.line("a").setDelay(5);
  expectDelay(await fastest(), 5);
  await lab.line("room").setDelay(10); // a second line on the way
  expectDelay(await fastest(), 15);
  await Promise.all([lab.line("room").setDelay(0), lab.line("a").set({ delayMs: 0, rateMbit: 8 })]);
  const { id } = await a1.ask("dial", { host: room, port: PORT, timeoutMs: 2_000 });
  const rate = await a1.ask("bulk", { id, bytes: 1_000_000 });
  expect(rate).toBeLessThan(8.2);
  expect(rate).toBeGreaterThan(4);
});

labTest("a line loses the part of the packets that was asked for, the same ones with the same seed", async () => {
  const COUNT = 2_000;
  const arrived = async (seed: number): Promise<number[]> => {
    await using lab = await Lab.open({ loss: 0.1, seed });
    const a1 = await lab.host("a1").spawn<Probe>(PROBE);
    const capture = await lab.capture("room");
    const host = lab.host("room").address;
    // From here on each machine knows its neighbours: datagrams that wait for an answer about them are overtaken by others.
    expect((await a1.ask("dial", { host, port: 7000, timeoutMs: 10_000 })).outcome).toBe("ECONNREFUSED");
    await a1.ask("send", { host, port: 7001, count: COUNT });
    await a1.ask("send", { host, port: 7002, count: 200 }); // these drive the others before them
    const datagrams = (await capture.stop()).frames.filter((frame) => frame.length === 142 && frame[23] === 17);
    return datagrams.filter((frame) => frame.readUInt16BE(36) === 7001).map((frame) => frame.readUInt32BE(42));
  };
  const [one, same, other] = await Promise.all([arrived(1), arrived(1), arrived(2)]);
  for (const numbers of [one, other]) {
    expect(numbers.length).toBeGreaterThan(0.9 * COUNT - 60); // four and a half standard deviations
    expect(numbers.length).toBeLessThan(0.9 * COUNT + 60);
  }
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
});

labTest(
  "cut is silence that ends, flush forgets mappings, renumber gives a new address, unplug takes the carrier",
  async () => {
    await using lab = await Lab.open({ routers: ["easy", "hard"] });
    const { a1, b1 } = await probes(lab, "room", "a1", "b1");
    const room = { host: lab.host("room").address, port: PORT };
    const lan = lab.host("a1").lanAddresses[0] as string;

    const { id } = await a1.ask("dial", room);
    const behindHard = (await b1.ask("dial", room)).id;
    expect(await a1.ask("say", { id, text: "before" })).toBe("before");
    await lab.line("a").cut();
    expect(await a1.ask("addresses", undefined)).toContain(lan);
    expect(await a1.ask("say", { id, text: "during" })).toBe("silence");
    expect(await outcome(a1, room.host)).toBe("timeout");
    expect(await b1.ask("say", { id: behindHard, text: "another line" })).toBe("another line");
    await lab.line("a").restore();
    expect(await a1.ask("say", { id, text: ", after", timeoutMs: 10_000 })).toMatch(/^during/);

    expect((await lab.router("a").mappings()).join("\n")).toContain(`src=${lan}`);
    await Promise.all([lab.router("a").flush(), lab.router("b").flush()]);
    expect(await lab.router("b").mappings()).toEqual([]);
    expect(await a1.ask("say", { id, text: "flushed", timeoutMs: 10_000 })).toContain("flushed"); // the port is kept
    expect(await b1.ask("say", { id: behindHard, text: "flushed", timeoutMs: 10_000 })).toBe("ECONNRESET");

    const old = lab.router("a").address;
    const renumbered = await lab.router("a").renumber();
    expect(renumbered).not.toBe(old);
    expect(lab.host("a1").address).toBe(renumbered);
    expect(await a1.ask("say", { id, text: "renumbered", timeoutMs: 10_000 })).toBe("ECONNRESET");
    const again = await a1.ask("dial", room);
    expect(again.seen).toBe(`${renumbered}:${again.localPort}`);

    await lab.host("a1").unplug();
    expect(await a1.ask("addresses", undefined)).not.toContain(lan);
    expect(await a1.ask("say", { id: again.id, text: "unplugged" })).toBe("silence");
    await lab.host("a1").plug();
    expect(await a1.ask("addresses", undefined)).toContain(lan);
    expect(await a1.ask("say", { id: again.id, text: "", timeoutMs: 10_000 })).toBe("unplugged");
  },
);

labTest("a capture holds each byte that passed its interface once, and none that passed elsewhere", async () => {
  await using lab = await Lab.open({ loss: 0.02 });
  const { a1 } = await probes(lab, "room", "a1");
  const [atRoom, atA, atB] = await Promise.all([lab.capture("room"), lab.capture("a"), lab.capture("b")]);
  const { id, seen } = await a1.ask("dial", { host: lab.host("room").address, port: PORT, timeoutMs: 10_000 });
  await a1.ask("bulk", { id, bytes: 300_000 });
  expect(await a1.ask("say", { id, text: "a sentence", timeoutMs: 10_000 })).toBe("a sentence");
  const expected = Buffer.concat([Buffer.alloc(300_000, 7), Buffer.from("a sentence")]);
  for (const capture of [atRoom, atA]) {
    const { streams } = await capture.stop();
    const there = streams.find(({ from }) => from === seen);
    const back = streams.find(({ to }) => to === seen);
    expect([there?.missing, back?.missing]).toEqual([0, 0]);
    expect(there?.bytes.equals(expected)).toBe(true);
    expect(back?.bytes.equals(Buffer.concat([Buffer.from(`${seen}\n`), expected]))).toBe(true);
  }
  expect((await atB.stop()).streams).toEqual([]);
});

/** What there is of links and rules in the machine's own namespace. */
async function machine(): Promise<string> {
  return (await Promise.all([run("ip", ["-o", "link"]), run("nft", ["list", "ruleset"])]))
    .join("\n")
    .replaceAll(/ qlen \d+/g, "");
}

labTest(
  "two labs at once don't see each other nor the machine's own network, and nothing is left of them",
  async () => {
    const before = await machine();
    await using stray = createServer().listen(0, "0.0.0.0");
    await once(stray, "listening");
    let strayed = 0;
    stray.on("connection", (socket) => {
      strayed++;
      socket.destroy();
    });
    const { port } = stray.address() as { port: number };
    const [one, two] = await Promise.all([Lab.open({ delayMs: 1 }), Lab.open()]);
    try {
      const [inOne, a1] = await Promise.all([probes(one, "room", "a1"), two.host("a1").spawn<Probe>(PROBE)]);
      const room = two.host("room").address;
      expect(one.host("room").address).toBe(room);
      expect(await outcome(inOne.a1, room)).toBe("open");
      expect(await outcome(a1, room)).toBe("ECONNREFUSED"); // the other lab's listens, its own does not

      // No cable ends in the machine's own namespace, and no packet finds a way to it.
      expect(await machine()).toBe(before);
      const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      for (const { address } of own.filter(({ family }) => family === "IPv4"))
        for (const from of [inOne.room, inOne.a1, a1])
          expect(await outcome(from, address, port), address).toMatch(/^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH)$/);
      expect(strayed).toBe(0);
      for (const router of ["a", "b"] as const)
        expect(await run("ip", ["-n", one.router(router).namespace, "route", "show", "default"])).toBe("");
    } finally {
      const names = namespaceNames().filter((name) => name.startsWith(one.prefix) || name.startsWith(two.prefix));
      expect(names).toHaveLength(18);
      expect(processesIn(names)).not.toEqual([]);
      const processes = processesIn(names);
      await Promise.all([one.close(), two.close()]);
      expect(namespaceNames().filter((name) => names.includes(name))).toEqual([]);
      expect(processes.filter(isAlive)).toEqual([]);
      expect(await machine()).toBe(before);
    }
  },
);

labTest("what a killed program leaves of its lab is gone when the next one is opened", async () => {
  const args = ["--conditions=chatroom-source", "--import", "tsx", "test/lab/programs/owner.ts"];
  const owner = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(owner, "close");
  const [line] = (await once(owner.stdout, "data")) as [Buffer];
  const { prefix, pid } = JSON.parse(String(line)) as { prefix: string; pid: number };
  const left = (): string[] => namespaceNames().filter((name) => name.startsWith(prefix));
  await using beside = await Lab.open();
  expect(left()).toHaveLength(9); // its owner lives
  owner.kill("SIGKILL");
  await closed;
  await using next = await Lab.open();
  expect(left()).toEqual([]);
  expect(isAlive(pid)).toBe(false);
  for (const lab of [beside, next]) expect(namespaceNames()).toContain(lab.host("room").namespace);
});

/** Not so one that is dead and was not fetched by its parent. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
