/**
 * Prints, for every pair of router kinds, which path two users behind them reach, and how fast: `npm run matrix [-- --tries N --delay MS --loss PART kind-kind ...]`.
 * Needs root, and what install.sh installs.
 */
import { parseArgs } from "node:util";
import { meetings, openWorld } from "./meeting.ts";
import type { Program } from "./program.ts";
import type { Network } from "./programs/network.ts";
import type { RouterKind } from "./layout.ts";

const KINDS: readonly RouterKind[] = ["easy", "hard", "rst", "open", "fw", "block"];

const { values, positionals } = parseArgs({
  options: {
    tries: { type: "string", default: "1" },
    delay: { type: "string", default: "0" },
    loss: { type: "string", default: "0" },
  },
  allowPositionals: true,
});
const pairs =
  positionals.length > 0
    ? positionals.map((pair) => pair.split("-") as [RouterKind, RouterKind])
    : KINDS.flatMap((a, at) => KINDS.slice(at).map((b): [RouterKind, RouterKind] => [a, b]));

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
const worst = (list: readonly number[]): number => Math.max(...list);
const ms = (value: number): string => value.toFixed(0).padStart(5);

console.log(`delay ${values.delay} ms one way, loss ${values.loss}, ${values.tries} tries each`);
console.log("routers       path reached              first call ms (p50, max)   final path ms (p50, max)");
for (const routers of pairs) {
  const options = { routers, delayMs: Number(values.delay), loss: Number(values.loss) };
  await using world = await openWorld(options, {}, "a1", "b1");
  const [one, other] = world.programs as [Program<Network>, Program<Network>];
  const list = await meetings(world.at, one, other, Number(values.tries));
  const count = new Map<string, number>();
  for (const { path } of list) count.set(path, (count.get(path) ?? 0) + 1);
  const paths = [...count].map(([path, times]) => `${path} ${times}`).join(", ");
  const first = list.map(({ firstMs }) => firstMs);
  const final = list.map(({ finalMs }) => finalMs);
  console.log(
    `${routers.join("-").padEnd(12)}  ${paths.padEnd(24)}  ${ms(median(first))} ${ms(worst(first))}                ${ms(median(final))} ${ms(worst(final))}`,
  );
}
