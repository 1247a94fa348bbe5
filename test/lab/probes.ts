import type { Lab } from "./lab.ts";
import type { HostName } from "./layout.ts";
import type { Program } from "./program.ts";
import type { Probe } from "./programs/probe.ts";

export const PROBE = "test/lab/programs/probe.ts";
export const PORT = 7000;

/** Programs at these hosts, each of them listening at PORT. */
export async function probes<N extends HostName>(lab: Lab, ...names: N[]): Promise<Record<N, Program<Probe>>> {
  const started = await Promise.all(
    names.map(async (name) => {
      const program = await lab.host(name).spawn<Probe>(PROBE);
      await program.ask("listen", { port: PORT });
      return [name, program];
    }),
  );
  return Object.fromEntries(started) as Record<N, Program<Probe>>;
}

/** How a dial to someone who greets ends. */
export async function outcome(from: Program<Probe>, host: string, port = PORT): Promise<string> {
  return (await from.ask("dial", { host, port })).outcome;
}
