// Fuzzes one target in a process of its own: run.ts <file of the target> <milliseconds> <seed>. INPUT=<hex> runs that input alone.
import { resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Coverage } from "./coverage.ts";
import { fuzz, runOnce } from "./fuzz.ts";
import type { Target } from "./target.ts";
import { Watchdog } from "./watchdog.ts";

const [, , file = "", ms = "10000", seed = String(Date.now() % 1_000_000_000)] = process.argv;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const coverage = new Coverage("/src/");
// After the coverage began: only then are its blocks counted.
const { target } = (await import(resolve(file))) as { readonly target: Target };
const watchdog = new Watchdog(Number(process.env["HUNG_MS"] ?? 10_000));
const options = {
  seed: Number(seed),
  ms: Number(ms),
  coverage,
  collect,
  begin: (input: Uint8Array) => watchdog.begin(input),
};
try {
  const input = process.env["INPUT"];
  const report = input === undefined ? fuzz(target, options) : runOnce(target, Buffer.from(input, "hex"), options);
  console.log(JSON.stringify(report));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
await watchdog.stop();
coverage.stop();
