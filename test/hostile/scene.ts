import { expect, onTestFinished } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { keySecret, passwordSecret } from "../../src/crypto/secret.ts";
import { DEFAULT_PASSWORD } from "../../src/link/defaults.ts";
import { dialLink } from "../../src/link/dial.ts";
import { type Environment, environmentWith } from "../../src/link/environment.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { Participant } from "../../src/node/participant.ts";
import type { UntypedPeer } from "../../src/schema/peer-types.ts";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import { MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import { type Boxed, decodeBoxed, encodeToRoom, type Introduced } from "../../src/wire/room-messages.ts";
import { KeptLog } from "../link/parties.ts";
import { join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";
import { wish } from "../support/wish.ts";
import { type Meeting, ScriptedPeer } from "./scripted-peer.ts";
import { contract } from "./script.ts";

export { heapBytes, MIB } from "../support/heap.ts";

export const VICTIMS = ["User", "Server"] as const;
export type VictimIs = (typeof VICTIMS)[number];

/** The methods that every victim handles, by their numbers on the wire. */
export const ECHO = 1;
export const NEVER = 2;
export const NOTE = 3;
export const TIMES = 4;

/** A victim named Bar, somebody honest who calls it the whole time, and ways for others to prove themselves to it. */
export interface Scene {
  readonly is: VictimIs;
  readonly network: MemoryNetwork;
  readonly environment: Environment;
  readonly victim: Participant;
  /** How the honest one calls the victim. */
  readonly honest: UntypedPeer;
  readonly calls: HonestCalls;
  /** How many operations on curves the victim's engine did so far. */
  readonly curveWork: () => number;
  /** What the sends to NOTE said. */
  readonly notes: unknown[];
  /** What handlers of TIMES saw. */
  readonly times: { left: number; fired: () => boolean }[];
  /** Somebody who proved itself, under a name of its own, and has attached and said its contract. */
  attacker(name?: string): Promise<ScriptedPeer>;
  /** The same, without a word in the session yet. */
  proven(name?: string, end?: Uint8Array): Promise<ScriptedPeer>;
  /** All that a name needs to prove itself once. */
  meeting(name?: string, end?: Uint8Array): Promise<Meeting>;
}

export async function sceneOf(is: VictimIs, parts: Partial<Environment> = {}): Promise<Scene> {
  const network = new MemoryNetwork();
  const environment = environmentWith({ ...memoryEnvironment(network), ...parts });
  const counted = countedEngine();
  const own = { ...environment, engine: counted.engine };
  const notes: unknown[] = [];
  const times: Scene["times"] = [];
  const { victim, honest, meetAs } = await (is === "User" ? withRoom : withServer)(environment, own, (one) => {
    one.handle("echo", (data) => data);
    one.handle("never", (_input, { signal }) => new Promise<void>(() => void signal));
    one.handle("note", (data) => void notes.push(data));
    one.handle("times", (_input, { deadline, signal }) => {
      times.push({ left: deadline.getTime() - Date.now(), fired: () => signal.aborted });
    });
  });
  await honest.get("echo", "first");
  const calls = new HonestCalls(honest);
  onTestFinished(() => calls.stop());
  const meeting: Scene["meeting"] = async (name = "Attacker", end = endOf(7)) => ({
    environment,
    ...(await meetAs(name)),
    end,
  });
  const proven: Scene["proven"] = async (name, end) => ScriptedPeer.meet(await meeting(name, end));
  return {
    is,
    network,
    environment,
    victim,
    honest,
    calls,
    curveWork: counted.work,
    notes,
    times,
    proven,
    meeting,
    attacker: async (name) => (await proven(name)).attach().say(contract()),
  };
}

/** An end of a session: an incarnation of equal bytes, and an epoch. */
export function endOf(incarnation: number, epoch = 0): Uint8Array {
  const end = Buffer.alloc(16, incarnation);
  end.writeUInt32BE(epoch, 12);
  return end;
}

interface Made {
  readonly victim: Participant;
  readonly honest: UntypedPeer;
  readonly meetAs: (name: string) => Promise<Omit<Meeting, "environment" | "end">>;
}

type Handling = (victim: Participant) => void;

async function withRoom(environment: Environment, own: Environment, handling: Handling): Promise<Made> {
  const room = await openRoom({ environment });
  const victim = await join(room, "Bar", { environment: own });
  onTestFinished(() => victim.close({ graceMs: 0 }));
  handling(victim);
  const foo = await join(room, "Foo", { environment });
  const meetAs: Made["meetAs"] = async (name) => {
    const { candidates, secret, ticketId } = await introduced(environment, room.port, name);
    const { host, port } = candidates[0] ?? expect.fail("no candidate");
    const key = keySecret(secret, 3, environment.engine);
    return { host, port, purpose: 3, name, peerName: "Bar", secret: key, ticketId };
  };
  return { victim, honest: foo.peer("Bar"), meetAs };
}

/** Joins a Room, and asks it for Bar. */
async function introduced(
  environment: Environment,
  port: number,
  name: string,
): Promise<Introduced & { secret: Uint8Array }> {
  const { engine, clock } = environment;
  const pipe = await environment.dial({ host: "127.0.0.1", port });
  const secret = passwordSecret(DEFAULT_PASSWORD, 1, engine);
  const handshake = { engine, random: systemRandom, purpose: 1 as const, name, peerName: "", encryption: true, secret };
  const link = await dialLink(pipe, { clock, log: new KeptLog(), handshake: { ...handshake, suites: [2, 1] } });
  onTestFinished(() => link.destroy());
  let told: Boxed | undefined;
  link.start({
    data: () => {},
    sealed: (payload) => (told = decodeBoxed(payload)),
    drain: () => {},
    closed: () => {},
  });
  const address = { kind: undefined, port: 1_024, addresses: [], publicHost: undefined, lan: "auto" };
  link.send([encodeToRoom({ type: "join", ...address })]);
  const ticketSecret = systemRandom(32);
  link.sendSealed(wish("Bar", { secret: ticketSecret }));
  await until(() => told !== undefined);
  return told?.type === "introduced" ? { ...told, secret: ticketSecret } : expect.fail("not introduced");
}

async function withServer(environment: Environment, own: Environment, handling: Handling): Promise<Made> {
  const server = await Server.listen({ name: "Bar", port: 0, log: "silent", environment: own });
  onTestFinished(() => server.close({ graceMs: 0 }));
  handling(server);
  const client = await Client.open("Foo", { log: "silent", environment });
  onTestFinished(() => client.close({ graceMs: 0 }));
  const honest = await client.connect("Bar", { port: server.port });
  const secret = passwordSecret(DEFAULT_PASSWORD, 2, environment.engine);
  const { host, port } = server;
  const meetAs: Made["meetAs"] = async (name) => ({ host, port, purpose: 2, name, peerName: "", secret });
  return { victim: server, honest, meetAs };
}

/** The native engine, and how many operations on curves it was asked for. */
function countedEngine(): { engine: Engine; work: () => number } {
  let work = 0;
  const engine: Engine = {
    ...nativeEngine,
    point: (u) => (work++, nativeEngine.point(u)),
    scalar: (bytes) => (work++, nativeEngine.scalar(bytes)),
  };
  return { engine, work: () => work };
}

/** Calls of somebody honest, one after the other, all the time. */
export class HonestCalls {
  answered = 0;
  readonly failures: unknown[] = [];
  latenciesMs: number[] = [];
  /** Called at each answer. */
  onAnswer: (() => void) | undefined;
  #isStopped = false;
  readonly #over: Promise<void>;

  constructor(peer: UntypedPeer) {
    this.#over = this.#run(peer);
  }

  async #run(peer: UntypedPeer): Promise<void> {
    for (let n = 0; !this.#isStopped; n++) {
      const startedAt = systemClock.now();
      try {
        if ((await peer.get("echo", n)) === n) this.answered++;
        else this.failures.push(`another answer than ${n}`);
      } catch (error) {
        this.failures.push(error);
      }
      this.latenciesMs.push(systemClock.now() - startedAt);
      this.onAnswer?.();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#over;
  }

  /** All that were made so far were answered, and they go on being answered. */
  async expectWell(more = 20): Promise<void> {
    const before = this.answered;
    await until(() => this.answered >= before + more || this.failures.length > 0);
    expect(this.failures).toEqual([]);
  }

  /** The slowest of a hundred, since the last time it was asked. */
  p99(): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    this.latenciesMs = [];
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }
}
