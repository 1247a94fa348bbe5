import { Client, PeerError, Server } from "chatroom";
import { type HostOptions, simulate, type SimulatedNetwork } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { soak } from "../support/seeded.ts";

expectNothingLeft();

const SERVERS = ["eu", "us"];
const CLIENTS = ["Foo", "Bar", "Baz"];
/** What a client calls the server of a host. */
const nameFor = (client: string, server: string): string => `${server} of ${client}`;

interface Called {
  readonly call: string;
  readonly life: HostOptions;
  outcome: string | undefined;
}

/** Servers and clients on hosts of their own, who ask and tell each other, whatever becomes of them; and what came of it. */
class Crowd {
  readonly programs = new Map<string, Server | Client>();
  readonly runs: string[] = [];
  /** By life of the listener and by sender: the numbers that came, in their order. */
  readonly heard = new Map<string, number[]>();
  readonly calls: Called[] = [];
  /** Calls whose session ended before their answer came. */
  disconnected = 0;
  readonly #net: SimulatedNetwork;
  #lives = 0;

  constructor(net: SimulatedNetwork) {
    this.#net = net;
  }

  async open(): Promise<void> {
    const started = SERVERS.map((name) =>
      this.#net.host(name).run(async (options) => this.#add(name, await Server.listen({ ...options, name }))),
    );
    const joined = CLIENTS.map((name) =>
      this.#net.host(name).run(async (options) => {
        const client = await Client.open(name, options);
        this.#add(name, client);
        await Promise.all(
          SERVERS.map((server) => client.connect(nameFor(name, server), { host: this.#net.host(server).address })),
        );
      }),
    );
    await Promise.all([...started, ...joined]);
  }

  #add(name: string, program: Server | Client): void {
    const life = `${name} ${++this.#lives}`;
    const host = this.#net.host(name);
    program.handle("ask", async (call) => {
      this.runs.push(call as string);
      await host.sleep(this.#net.chance() * 300);
      return call;
    });
    program.handle("tell", (input) => {
      const [from, number] = input as [string, number];
      const way = `${from} to ${life}`;
      this.heard.set(way, [...(this.heard.get(way) ?? []), number]);
    });
    this.programs.set(name, program);
  }

  /** One asks or tells another, and nobody waits for it. */
  say(from: string, to: string, round: number): void {
    const { options: life } = this.#net.host(from);
    const one: Called = { call: `${from} ${to} ${round}`, life, outcome: undefined };
    this.calls.push(one);
    const settled = (outcome: string): void => {
      one.outcome = one.outcome === undefined ? outcome : `${one.outcome}, then ${outcome}`;
    };
    const peer = this.peer(from, to);
    const options = { timeoutMs: 500 + this.#net.chance() * 40_000 };
    void peer.tell("tell", [from, round], options).catch(() => {});
    peer.get("ask", one.call, options).then(
      (answer) => settled(answer === one.call ? "ran" : `answered ${String(answer)}`),
      (error: unknown) => {
        if (!(error instanceof PeerError)) return settled(String(error));
        if (error.code === "DISCONNECTED") this.disconnected++;
        settled(error.outcome);
      },
    );
  }

  peer(from: string, to: string): ReturnType<Client["peer"]> {
    const program = this.programs.get(from) as Client;
    return program.peer(SERVERS.includes(to) ? nameFor(from, to) : to);
  }

  /** What must not be. */
  problems(): string[] {
    const problems: string[] = [];
    for (const { call, outcome, life } of this.calls) {
      const times = this.runs.filter((run) => run === call).length;
      const mayBe = { ran: [1], "did not run": [0], "may have run": [0, 1] }[outcome ?? ""];
      const isGone = outcome === undefined && this.#net.host(call.split(" ", 1)[0] as string).options !== life;
      if (mayBe?.includes(times) !== true && !(isGone && times < 2))
        problems.push(`${call} ran ${times} times: ${outcome}`);
    }
    for (const [way, numbers] of this.heard)
      if (numbers.some((number, at) => number <= (numbers[at - 1] ?? -1)))
        problems.push(`${way} in the order ${numbers.join(" ")}`);
    return problems;
  }
}

/** Everybody is connected to everybody: each asks each, again where that showed that an old connection was gone. */
async function allWell(crowd: Crowd): Promise<void> {
  const pairs = CLIENTS.flatMap((client) => SERVERS.map((server) => [client, server] as const));
  const ask = async (from: string, to: string): Promise<unknown> => {
    for (;;) {
      try {
        return await crowd.peer(from, to).get("ask", "all well", { timeoutMs: 60_000 });
      } catch (error) {
        if (!(error instanceof PeerError) || error.code !== "DISCONNECTED") return String(error);
      }
    }
  };
  const answers = await Promise.all(pairs.flatMap(([client, server]) => [ask(client, server), ask(server, client)]));
  expect(answers).toEqual(answers.map(() => "all well"));
  for (const server of SERVERS) expect(crowd.programs.get(server)?.names).toEqual(CLIENTS.toSorted());
}

async function live(net: SimulatedNetwork): Promise<Crowd> {
  const crowd = new Crowd(net);
  await crowd.open();
  const pick = (names: readonly string[]): string => names[Math.floor(net.chance() * names.length)] as string;
  for (let round = 0; round < 40; round++) {
    const [client, server] = [pick(CLIENTS), pick(SERVERS)];
    const [from, to] = net.chance() < 0.6 ? [client, server] : [server, client];
    if (net.host(from).isUp) crowd.say(from, to, round);
    await net.sleep(net.chance() * 1_500);
  }
  await net.calm();
  await net.sleep(60_000); // every deadline has passed
  await allWell(crowd);
  await Promise.all([...crowd.programs.values()].map((program) => program.close()));
  return crowd;
}

const FAULTS = { cutEveryMs: 1_500, stallEveryMs: 3_000, partitionEveryMs: 6_000, lastsMs: [100, 12_000] } as const;

test("servers and clients whose connections break and fall silent: calls settle once and truly, sends keep their order, all are connected in the end, and no session is lost", {
  timeout: soak(60_000),
}, async () => {
  for (let seed = 1; seed <= soak(12); seed++) {
    await simulate({ seed, faults: FAULTS, latencyMs: [1, 80] }, async (net) => {
      const crowd = await live(net);
      expect(crowd.problems()).toEqual([]);
      expect(crowd.disconnected).toBe(0);
    });
  }
});

test("the same where programs crash and come back", { timeout: soak(60_000) }, async () => {
  const faults = { ...FAULTS, restartEveryMs: 4_000 };
  for (let seed = 1; seed <= soak(12); seed++) {
    await simulate({ seed, faults, latencyMs: [1, 80] }, async (net) => {
      const crowd = await live(net);
      expect(crowd.problems()).toEqual([]);
    });
  }
});
