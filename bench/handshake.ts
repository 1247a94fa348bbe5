/**
 * What a handshake costs, both sides together, against TLS 1.3 in the same run: `node --import tsx bench/run.ts --handshake`.
 * `raw` is TCP alone, `crp1` the bare handshake, `sealed` a whole link with admission and deadlines.
 */
import { HANDSHAKE_GOAL } from "./goals.ts";
import { median } from "./metrics.ts";
import { Pair } from "./workers.ts";

const ROUNDS = 5;
const MS = 1_000;
const LANES = 4;

const pairs: Pair[] = [];
try {
  for (const system of ["raw", "tls", "crp1", "sealed"]) pairs.push(await Pair.start(system));
  for (const pair of pairs) await pair.client.ask("touches", pair.touchPort, MS, LANES);
  const all = new Map<string, { ms: number[]; perS: number[] }>(
    pairs.map(({ system }) => [system, { ms: [], perS: [] }]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const pair of pairs) {
      const { result, cpuUs } = await pair.cpuOf(() => pair.client.ask("touches", pair.touchPort, MS, LANES));
      all.get(pair.system)?.ms.push(cpuUs / result.count / 1_000);
      all.get(pair.system)?.perS.push((result.count / result.ms) * 1_000);
    }
  }
  const figures = new Map([...all].map(([system, { ms, perS }]) => [system, { ms: median(ms), perS: median(perS) }]));
  const tcp = figures.get("raw")?.ms ?? NaN;
  const tls = figures.get("tls")?.ms ?? NaN;
  console.log(`${ROUNDS} rounds, medians; CPU of both sides\n`);
  console.log("| handshake | CPU ms | × TLS | without TCP, × TLS | per second |\n| --- | --- | --- | --- | --- |");
  for (const [system, { ms, perS }] of figures) {
    const without = ((ms - tcp) / (tls - tcp)).toFixed(2);
    console.log(`| ${system} | ${ms.toFixed(3)} | ${(ms / tls).toFixed(2)} | ${without} | ${perS.toFixed(0)} |`);
  }
  console.log(`\ngoal: at most ${HANDSHAKE_GOAL.goal} × TLS, floor ${HANDSHAKE_GOAL.floor}`);
} finally {
  for (const pair of pairs) pair.stop();
}
