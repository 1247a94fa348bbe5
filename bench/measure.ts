import { median } from "./metrics.ts";
import { Pair } from "./workers.ts";

/** What one system did: medians of the rounds. */
export type Figures = Record<string, number>;

export interface Plan {
  readonly rounds: number;
  /** How long each metric runs in each round. */
  readonly ms: number;
  readonly idleConnections: number;
}

const LANES = 128;
/** Fewer than the 8 unproven connections that one source may have. */
const TOUCH_LANES = 4;
const MIB_LANES = 4;
const WARMING_CONNECTIONS = 50;

/** Every metric of every system, a round of all after the other, so that a slow moment of the machine hits all alike. */
export async function measure(
  pairs: readonly Pair[],
  plan: Plan,
  say: (text: string) => void,
): Promise<Map<string, Figures>> {
  const rounds = new Map<string, Figures[]>(pairs.map(({ system }) => [system, []]));
  for (const pair of pairs) await warmUp(pair);
  for (let round = 1; round <= plan.rounds; round++) {
    say(`round ${round} of ${plan.rounds}`);
    for (const pair of pairs) rounds.get(pair.system)?.push(await measureOnce(pair, plan.ms));
  }
  const results = new Map<string, Figures>();
  for (const pair of pairs) {
    const all = rounds.get(pair.system) ?? [];
    const names = Object.keys(all[0] ?? {});
    const figures = Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name] ?? NaN))]));
    results.set(pair.system, { ...figures, ...(await measureRest(pair, plan)) });
  }
  return results;
}

async function warmUp({ client, touchPort }: Pair): Promise<void> {
  await client.ask("load", 700, LANES);
  await client.ask("oneWay", 300);
  await client.ask("mebibytes", 200, MIB_LANES);
  await client.ask("latency", 200);
  await client.ask("touches", touchPort, 300, TOUCH_LANES);
}

async function measureOnce(pair: Pair, ms: number): Promise<Figures> {
  const { client, touchPort } = pair;
  pair.pin("0");
  const p50Us = await client.ask("latency", ms / 2);
  pair.pin("0-1023");
  const calls = await pair.cpuOf(() => client.ask("load", ms, LANES));
  const oneWay = await client.ask("oneWay", ms / 2);
  const mebibytes = await client.ask("mebibytes", ms, MIB_LANES);
  const touches = await pair.cpuOf(() => client.ask("touches", touchPort, ms / 2, TOUCH_LANES));
  return {
    p50Us,
    callsPerS: (calls.result.count / calls.result.ms) * 1_000,
    cpuUsPerCall: calls.cpuUs / calls.result.count,
    oneWayPerS: (oneWay.count / oneWay.ms) * 1_000,
    mibPerS: (mebibytes.count / mebibytes.ms) * 1_000,
    connectsPerS: (touches.result.count / touches.result.ms) * 1_000,
    cpuMsPerConnect: touches.cpuUs / touches.result.count / 1_000,
  };
}

/** What is measured once: the way to a first answer, and the memory of idle connections, which fresh processes tell best. */
async function measureRest({ system, client }: Pair, { idleConnections }: Plan): Promise<Figures> {
  const introductionMs = await client.ask("introduce", 20);
  const fresh = await Pair.start(system);
  try {
    await fresh.client.ask("hold", fresh.touchPort, WARMING_CONNECTIONS);
    await fresh.client.ask("release");
    const before = await fresh.server.ask("rssBytes");
    await fresh.client.ask("hold", fresh.touchPort, idleConnections);
    const idleBytes = ((await fresh.server.ask("rssBytes")) - before) / idleConnections;
    return introductionMs === undefined ? { idleBytes } : { idleBytes, introductionMs };
  } finally {
    fresh.stop();
  }
}
