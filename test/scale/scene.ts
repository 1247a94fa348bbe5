import { loadavg } from "node:os";
import { onTestFinished } from "vitest";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import type { AttackerCommands } from "./attacker-process.ts";
import { Child } from "./child.ts";
import type { MembersCommands } from "./members-process.ts";
import type { RoomCommands } from "./room-process.ts";

export const SEED = seedOfRun();
/** Long runs hold times and memory too; short ones share the machine with other tests. */
export const IS_LONG = soak(1) > 1;
/** For a test: many processes start in it, on a machine that may have other work. */
export const TEST_MS = IS_LONG ? 600_000 : 120_000;
export const MEBIBYTE = 1_048_576;

export function chanceOfRun(): () => number {
  return seeded(SEED);
}

/** Says what was measured, and under which circumstances. */
export function report(what: string, lines: readonly string[]): void {
  const load = loadavg()[0]?.toFixed(1);
  console.log([`${what}, seed ${SEED}, load ${load}, ${IS_LONG ? "long" : "short"} form`, ...lines].join("\n  "));
}

function inTest<Process extends Child<never>>(child: Process): Process {
  onTestFinished(() => child.kill());
  return child;
}

export function roomProcess(): Child<RoomCommands> {
  return inTest(new Child<RoomCommands>("room-process.ts"));
}

export function membersProcess(): Child<MembersCommands> {
  return inTest(new Child<MembersCommands>("members-process.ts"));
}

export function attackerProcess(): Child<AttackerCommands> {
  return inTest(new Child<AttackerCommands>("attacker-process.ts"));
}

/** All processes have loaded their code. */
export async function ready(...children: Child<{ cpuMs: () => number }>[]): Promise<void> {
  await Promise.all(children.map((child) => child.ask("cpuMs")));
}
