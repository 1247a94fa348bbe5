import { Lab } from "../lab.ts";
import type { Probe } from "./probe.ts";

/** Opens a lab with a bad line and a program inside, says its prefix, and never closes it: to be killed. */
async function own(): Promise<void> {
  const lab = await Lab.open({ delayMs: 1 });
  const { pid } = await lab.host("a1").spawn<Probe>("test/lab/programs/probe.ts");
  console.log(JSON.stringify({ prefix: lab.prefix, pid }));
}

void own();
