/**
 * What it costs when the Room relays: `npm run bench -- --relayed`. A Room, an asker and an answerer in processes of their own, once with a direct link between the two and once
 * through the Room; rounds of both take turns. CPU is that of each process.
 */
import { median } from "./metrics.ts";
import { Worker } from "./workers.ts";

const ROUNDS = 5;
const MS = 2_000;
const LANES = 128;
const MIB_LANES = 4;

/** The Room's share of what one end spends for a call, at most; what the relay leaves of a direct echo, at least. */
const MOST_CPU = 0.5;
const LEAST_MIB = 0.5;

const PATHS = ["direct", "relayed"] as const;
const FIGURES = ["p50Us", "callsPerS", "roomUs", "askerUs", "answererUs", "mibPerS", "roomMsPerMib"] as const;
type Figures = Record<(typeof FIGURES)[number], number>;

interface Scene {
  readonly room: Worker;
  readonly asker: Worker;
  readonly answerer: Worker;
}

async function open(path: (typeof PATHS)[number]): Promise<Scene> {
  const [room, asker, answerer] = await Promise.all(
    ["asker direct", `asker ${path}`, `answerer ${path}`].map((system) => Worker.start(system)),
  );
  if (room === undefined || asker === undefined || answerer === undefined) throw new Error("no workers");
  const { port } = await room.ask("serve");
  await answerer.ask("connect", port);
  await asker.ask("connect", port);
  await asker.ask("load", 1_000, LANES);
  await asker.ask("mebibytes", 500, MIB_LANES);
  return { room, asker, answerer };
}

async function measure({ room, asker, answerer }: Scene): Promise<Figures> {
  const cpu = (): Promise<number[]> => Promise.all([room, asker, answerer].map((one) => one.ask("cpuUs")));
  const p50Us = await asker.ask("latency", MS / 2);
  const before = await cpu();
  const calls = await asker.ask("load", MS, LANES);
  const after = await cpu();
  const mebibytes = await asker.ask("mebibytes", MS, MIB_LANES);
  const atEnd = await cpu();
  const [roomUs = 0, askerUs = 0, answererUs = 0] = after.map((us, at) => (us - (before[at] as number)) / calls.count);
  return {
    p50Us,
    callsPerS: (calls.count / calls.ms) * 1_000,
    roomUs,
    askerUs,
    answererUs,
    mibPerS: (mebibytes.count / mebibytes.ms) * 1_000,
    roomMsPerMib: ((atEnd[0] as number) - (after[0] as number)) / mebibytes.count / 1_000,
  };
}

const scenes = { direct: await open("direct"), relayed: await open("relayed") };
const rounds: Record<(typeof PATHS)[number], Figures[]> = { direct: [], relayed: [] };
for (let round = 0; round < ROUNDS; round++) for (const path of PATHS) rounds[path].push(await measure(scenes[path]));
const medians = (path: (typeof PATHS)[number]): Figures =>
  Object.fromEntries(FIGURES.map((name) => [name, median(rounds[path].map((one) => one[name]))])) as Figures;
const [direct, relayed] = [medians("direct"), medians("relayed")];

console.log(`Node ${process.version}; ${ROUNDS} rounds, medians\n`);
console.log("| path | p50 µs | calls/s | CPU µs/call: Room | asker | answerer | 1 MiB echo/s | Room's CPU ms/echo |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (const [path, of] of [
  ["direct", direct],
  ["relayed", relayed],
] as const) {
  const cells = [of.p50Us.toFixed(1), of.callsPerS.toFixed(0), of.roomUs.toFixed(2), of.askerUs.toFixed(2)];
  const rest = [of.answererUs.toFixed(2), of.mibPerS.toFixed(0), of.roomMsPerMib.toFixed(2)];
  console.log(`| ${[path, ...cells, ...rest].join(" | ")} |`);
}
const ends = (relayed.askerUs + relayed.answererUs) / 2;
const verdict = (isMet: boolean): string => (isMet ? "met" : "NOT MET");
const [share, left] = [relayed.roomUs / ends, relayed.mibPerS / direct.mibPerS];
console.log(
  `\nRoom's CPU per relayed call: ${share.toFixed(2)} of an end's, at most ${MOST_CPU}: ${verdict(share <= MOST_CPU)}`,
);
console.log(`relayed 1 MiB echo: ${left.toFixed(2)} of direct, at least ${LEAST_MIB}: ${verdict(left >= LEAST_MIB)}`);
for (const { room, asker, answerer } of Object.values(scenes)) for (const one of [room, asker, answerer]) one.stop();
