import { expect } from "vitest";
import { Lab } from "./lab.ts";
import { labTest } from "./lab-test.ts";
import type { Program } from "./program.ts";
import { PORT, probes } from "./probes.ts";
import type { Dialled, Probe } from "./programs/probe.ts";

// The lab is fit for its purpose if what is known of routers comes out of it.

async function punch(from: Program<Probe>, own: Dialled, other: Dialled): Promise<Dialled> {
  const [host = "", port] = other.seen.split(":");
  const { localPort } = own;
  return await from.ask("dial", { host, port: Number(port), localPort, isGreeted: false, timeoutMs: 2_000 });
}

/** Punches a hole with node:net alone, from fresh ports that the Room has seen: whether bytes came across. */
async function succeeds(room: string, a1: Program<Probe>, b1: Program<Probe>): Promise<boolean> {
  const dial = { host: room, port: PORT };
  const [a, b] = await Promise.all([a1.ask("dial", dial), b1.ask("dial", dial)]);
  const [there, back] = await Promise.all([punch(a1, a, b), punch(b1, b, a)]);
  if (there.outcome !== "open" || back.outcome !== "open") return false;
  const said = await Promise.all([
    a1.ask("say", { id: there.id, text: "from a", timeoutMs: 5_000 }),
    b1.ask("say", { id: back.id, text: "from b", timeoutMs: 5_000 }),
  ]);
  return said.join() === "from b,from a";
}

/** How many of so many rounds succeed. */
async function successes(lab: Lab, rounds: number): Promise<number> {
  const { a1, b1 } = await probes(lab, "room", "a1", "b1");
  const each = Array.from({ length: rounds }, () => succeeds(lab.host("room").address, a1, b1));
  return (await Promise.all(each)).filter(Boolean).length;
}

labTest("a hole is punched between two easy routers, every time", async () => {
  await using lab = await Lab.open({ routers: ["easy", "easy"], delayMs: 10 });
  expect(await successes(lab, 10)).toBe(10);
});

labTest("no hole is punched between an easy and a hard router", async () => {
  await using lab = await Lab.open({ routers: ["easy", "hard"], delayMs: 10 });
  expect(await successes(lab, 10)).toBe(0);
});
