/**
 * Prints, for every pair of router kinds, which path two users behind them reach, and how fast, and whether that is what it should be:
 * `npm run matrix [-- --tries N --delay MS --loss PART kind-kind ...]`. Instead of the second kind: `lan` for two users of one LAN, `public` for a
 * public host. Needs root, and what install.sh installs. Ends with 1 when anything is not as it should be.
 */
import { parseArgs } from "node:util";
import build from "../support/built.ts";
import { meetings, openWorld } from "./meeting.ts";
import type { Program } from "./program.ts";
import type { Network } from "./programs/network.ts";
import type { HostName, RouterKind } from "./layout.ts";

const KINDS: readonly RouterKind[] = ["easy", "hard", "rst", "open", "fw", "block"];
type Other = RouterKind | "lan" | "public";

/** Of the meetings through which a hole can be opened. */
const LEAST_PUNCHED = 0.95;
/** What a first call may take beside four round trips between a user and the Room. */
const FIRST_CALL_MS = 100;

const { values, positionals } = parseArgs({
  options: {
    tries: { type: "string", default: "1" },
    delay: { type: "string", default: "0" },
    loss: { type: "string", default: "0" },
  },
  allowPositionals: true,
});
build();
const [tries, delayMs, loss] = [values.tries, values.delay, values.loss].map(Number) as [number, number, number];
const pairs =
  positionals.length > 0
    ? positionals.map((pair) => pair.split("-") as [RouterKind, Other])
    : KINDS.flatMap((a, at) => [...KINDS.slice(at), "lan", "public"].map((b) => [a, b] as [RouterKind, Other]));

const percentile = (list: readonly number[], part: number): number =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(part * list.length))] ?? Number.NaN;
const three = (list: readonly number[]): string =>
  [0.5, 0.95, 1].map((part) => percentile(list, part).toFixed(0).padStart(6)).join("");

/** The path that two users reach; undefined where a hole may open or not, as the moment wants it. */
function expectedPath(a: RouterKind, b: Other): string | undefined {
  if (b === "lan") return b;
  if (b === "public") return a === "block" ? "relay" : b;
  if ([a, b].some((kind) => kind === "hard" || kind === "block")) return "relay";
  return [a, b].every((kind) => kind === "easy" || kind === "fw") ? "punched" : undefined;
}

const bound = 8 * delayMs + FIRST_CALL_MS;
console.log(`${delayMs} ms one way, loss ${loss}, ${tries} meetings each; a first call may take ${bound} ms`);
console.log("              paths                     ms to first answer   ms to final path");
console.log("                                           p50   p95   max    p50   p95   max");
for (const [a, b] of pairs) {
  const hosts: [HostName, HostName] = ["a1", b === "lan" ? "a2" : b === "public" ? "public" : "b1"];
  const routers: [RouterKind, RouterKind] = [a, b === "lan" || b === "public" ? "easy" : b];
  await using world = await openWorld({ routers, delayMs, loss }, {}, ...hosts);
  const [one, other] = world.programs as [Program<Network>, Program<Network>];
  const list = await meetings(world.at, one, other, tries);
  const count = new Map<string, number>();
  for (const { path } of list) count.set(path, (count.get(path) ?? 0) + 1);
  const paths = [...count].map(([path, times]) => `${path} ${times}`).join(", ");
  const first = list.map(({ firstMs }) => firstMs);
  const expected = expectedPath(a, b);
  const least = Math.ceil((expected === "punched" ? LEAST_PUNCHED : 1) * tries);
  const faults = [
    ...(expected !== undefined && (count.get(expected) ?? 0) < least ? [`not ${expected}`] : []),
    // A lost packet costs what TCP takes to send it again, which is no fault of a path's.
    ...(percentile(first, loss > 0 ? 0.5 : 1) > bound ? ["slow"] : []),
  ];
  if (faults.length > 0) process.exitCode = 1;
  const final = list.map(({ finalMs }) => finalMs);
  console.log(
    `${`${a}-${b}`.padEnd(13)} ${paths.padEnd(24)} ${three(first)} ${three(final)}  ${faults.join(", ") || "ok"}`,
  );
}
