/** Measures all systems and prints a table; the figures go to bench/results/latest.json too. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { checkFrozen } from "./frozen.ts";
import { measure, type Plan } from "./measure.ts";
import { table, verdicts } from "./report.ts";
import { ROWS, SYSTEMS } from "./systems.ts";
import { Pair } from "./workers.ts";

// this file runs from bench/dist/bench
const folder = new URL("../../", import.meta.url);
const frozen = checkFrozen(folder);
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const systems = wanted.length === 0 ? ROWS : [...new Set(["raw", ...wanted])];
const unknown = systems.filter((system) => !(system in SYSTEMS));
if (unknown.length > 0)
  throw new Error(`no system ${unknown.join(", ")}; there are ${Object.keys(SYSTEMS).join(", ")}`);
const plan: Plan = process.argv.includes("--quick")
  ? { rounds: 2, ms: 400, idleConnections: 300 }
  : { rounds: 5, ms: 1_200, idleConnections: 1_000 };

const started = performance.now();
const pairs: Pair[] = [];
try {
  for (const system of systems) pairs.push(await Pair.start(system));
  const results = await measure(pairs, plan, (text) => console.error(text));
  const seconds = (performance.now() - started) / 1_000;
  const machine = `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "unknown CPU"}`;
  console.log(`${machine}; ${plan.rounds} rounds, medians, in ${seconds.toFixed(0)} s\n\n${table(results)}\n`);
  for (const line of verdicts(results)) console.log(line);
  mkdirSync(new URL("results/", folder), { recursive: true });
  const record = {
    date: new Date().toISOString(),
    machine,
    plan,
    seconds,
    frozen,
    results: Object.fromEntries(results),
  };
  writeFileSync(new URL("results/latest.json", folder), `${JSON.stringify(record, undefined, 2)}\n`);
} finally {
  for (const pair of pairs) pair.stop();
}
