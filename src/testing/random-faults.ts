import { type Range, seededChance, within } from "./seeded.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import { checkRange, type SimulatedNetwork } from "./simulated-network.ts";

/** What befalls the network by chance, until `calm`. Each comes once in so many simulated milliseconds, on average; left out: never. */
export interface Faults {
  /** The links between two hosts are cut. */
  readonly cutEveryMs?: number | undefined;
  /** The links between two hosts fall silent, both ways or one. */
  readonly stallEveryMs?: number | undefined;
  /** Two hosts are parted, both ways or one. */
  readonly partitionEveryMs?: number | undefined;
  /** A host that has a program (`run`) crashes, silently or not, and starts again. */
  readonly restartEveryMs?: number | undefined;
  /** How long a stall, a partition or a host's absence lasts. Default 100 to 10,000 ms. */
  readonly lastsMs?: Range | undefined;
}

const LASTS_MS: Range = [100, 10_000];

/** Starts faults that chance chooses. `fail` gets what a program throws that is started again. */
export function startFaults(net: SimulatedNetwork, faults: Faults, fail: (error: unknown) => void): void {
  const lastsMs = faults.lastsMs ?? LASTS_MS;
  const down = new Set<SimulatedHost>();
  /** Restarts whose programs are not done. */
  const starting = new Set<Promise<void>>();
  let isOver = false;

  const every = (name: keyof Faults, befall: (chance: () => number) => Promise<void> | void): void => {
    const ms = faults[name] as number | undefined;
    if (ms === undefined) return;
    const chance = seededChance(net.seed, `faults ${name}`);
    const goOn = async (): Promise<void> => {
      for (;;) {
        await net.sleep(within([0, 2 * ms], chance));
        if (isOver) return;
        await befall(chance);
      }
    };
    goOn().catch(fail);
  };

  const between = (chance: () => number, befall: (one: string, other: string) => void): boolean => {
    const { hosts } = net;
    if (hosts.length < 2) return false;
    const one = Math.floor(chance() * hosts.length);
    const other = (one + 1 + Math.floor(chance() * (hosts.length - 1))) % hosts.length;
    befall(hosts[one] as string, hosts[other] as string);
    return true;
  };

  const forAWhile = (befall: "stall" | "partition") => (chance: () => number) => {
    between(chance, (one, other) => {
      net[befall](one, other, { oneWay: chance() < 0.5 });
      const heal = (): void => {
        if (!isOver) net.heal(one, other);
      };
      net.sleep(within(lastsMs, chance)).then(heal, fail);
    });
  };

  const start = async (host: SimulatedHost): Promise<void> => {
    if (!down.delete(host)) return;
    const restart = host.restart();
    starting.add(restart);
    try {
      await restart;
    } finally {
      starting.delete(restart);
    }
  };

  every("cutEveryMs", (chance) => void between(chance, (one, other) => net.cut(one, other)));
  every("stallEveryMs", forAWhile("stall"));
  every("partitionEveryMs", forAWhile("partition"));
  every("restartEveryMs", (chance) => {
    const candidates = net.hosts.map((name) => net.host(name)).filter((host) => host.hasProgram && host.isUp);
    const host = candidates[Math.floor(chance() * candidates.length)];
    if (host === undefined) return;
    host.crash({ silent: chance() < 0.5 });
    down.add(host);
    net
      .sleep(within(lastsMs, chance))
      .then(() => start(host))
      .catch(fail);
  });

  net.onCalm(async () => {
    isOver = true;
    await Promise.all([...starting, ...[...down].map(start)]);
  });
}

/** @throws TypeError when faults make no sense. */
export function checkFaults(faults: Faults): void {
  for (const name of ["cutEveryMs", "stallEveryMs", "partitionEveryMs", "restartEveryMs"] as const) {
    const ms = faults[name];
    if (ms !== undefined && !(ms > 0)) throw new TypeError(`faults.${name} must be milliseconds above 0, not ${ms}`);
  }
  if (faults.lastsMs !== undefined) checkRange("faults.lastsMs", faults.lastsMs);
}
