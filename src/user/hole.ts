import type { Timer } from "../base/clock.ts";
import { orAborted, pause } from "../base/waits.ts";
import type { DialOptions, Environment } from "../link/environment.ts";
import { encodeRelayPreface } from "../link/handshake-frames.ts";
import type { Link } from "../link/link.ts";
import type { Address, Pipe } from "../pipe/pipe.ts";
import type { Go, NoGo, Probe } from "../wire/room-messages.ts";
import { safeCandidates } from "./dial-safety.ts";
import { PathError } from "./path-log.ts";

/** How long one connection through a hole may take: the system sends its SYN again after 1 and 3 s. */
const CONNECT_MS = 4_000;

/** Before a connection that was refused is tried again: twice as much each time, until it is more than the longest. */
const FIRST_WAIT_MS = 4;
const LONGEST_WAIT_MS = 1_000;

const WHY: Record<NoGo["why"], string> = {
  "my mapping":
    "the router here gives a port another address for each destination, so nobody outside can be told where to dial",
  "its mapping":
    "the router there gives a port another address for each destination, so nobody outside can be told where to dial",
  "my probe": "the Room did not see this side's probes",
  "its probe": "the Room did not see the other side's probes",
};

export interface Round {
  readonly environment: Environment;
  /** The Room. */
  readonly room: Address;
  readonly probe: Probe;
  /** What the Room says once it has seen the probes of both. */
  readonly said: Promise<Go | NoGo>;
  readonly signal: AbortSignal;
}

/**
 * Opens a hole through the routers between two users: from one fresh port this side dials two ports of the Room, which learns where that port is seen from outside and
 * tells the other one; then both dial each other at the same time, from those ports. `prove` makes a pipe a link. (Ford et al. 2005, §4; TCP with simultaneous open.)
 */
export async function punch(round: Round, prove: (pipe: Pipe) => Promise<Link | undefined>): Promise<Link | undefined> {
  const { environment, room, probe, said, signal } = round;
  const probes: Pipe[] = [];
  const late = new AbortController();
  const tooLate = (): void => late.abort(new PathError("silent", `no hole opened within ${CONNECT_MS / 1_000} s`));
  let timer: Timer | undefined;
  const any = room.host.includes(":") ? "::" : "0.0.0.0";
  try {
    const [pass, second] = probe.passes;
    const from = { host: any, port: 0 };
    const first = await dialProbe(environment, { ...room, from, signal }, pass);
    probes.push(first);
    from.port = first.local.port;
    if (probe.port > 0)
      probes.push(await dialProbe(environment, { host: room.host, port: probe.port, from, signal }, second));
    const verdict = await orAborted(said, signal);
    if (verdict.type === "noGo") throw new PathError(verdict.why, WHY[verdict.why]);
    const { host, port, afterMs } = verdict;
    if (safeCandidates([{ host, port }], false).length === 0)
      throw new PathError(
        "other",
        `the Room says that the other one is at ${host}, port ${port}, which is never dialled`,
      );
    await pause(environment.clock, afterMs, signal);
    signal.throwIfAborted();
    timer = environment.clock.after(CONNECT_MS, tooLate, { hold: false });
    const options = { host, port, from, signal: AbortSignal.any([signal, late.signal]) };
    return await prove(await dialHole(environment, options));
  } finally {
    timer?.cancel();
    for (const pipe of probes) pipe.destroy();
  }
}

/** A router that refuses strangers does so until the other side's first packet has gone out through it: tries again, as often as there is time. */
async function dialHole(environment: Environment, options: DialOptions & { signal: AbortSignal }): Promise<Pipe> {
  const { clock, chance } = environment;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
    try {
      return await environment.dial(options);
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
      if (code !== "ECONNREFUSED" || waitMs > LONGEST_WAIT_MS) throw error;
      await pause(clock, waitMs * (0.5 + chance()), options.signal);
      options.signal.throwIfAborted();
    }
  }
}

async function dialProbe(environment: Environment, options: DialOptions, pass: Uint8Array): Promise<Pipe> {
  const pipe = await environment.dial(options);
  pipe.write([encodeRelayPreface(pass)]);
  pipe.start({ data() {}, drain() {}, end() {} });
  return pipe;
}
