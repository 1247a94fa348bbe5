import { INTERNET, portOf } from "./build.ts";
import { ip, linksAre, runIn } from "./command.ts";
import type { LineName } from "./layout.ts";
import type { LineSettings, Wire } from "./wire.ts";

const PERFECT: LineSettings = { delayMs: 0, loss: 0, rateMbit: 0 };

/** The line between the internet and the Room, the public host or a router. Perfect until told otherwise. */
export class Line {
  readonly name: LineName;
  readonly #namespace: string;
  readonly #port: string;
  readonly #wire: () => Wire;
  #settings = PERFECT;
  #isOnWire = false;

  /** `wire` opens the lab's wire, when a first line needs it. */
  constructor(prefix: string, name: LineName, wire: () => Wire) {
    this.name = name;
    this.#namespace = `${prefix}${INTERNET}`;
    this.#port = portOf(name).port;
    this.#wire = wire;
  }

  get settings(): LineSettings {
    return this.#settings;
  }

  /** One way, in ms: a packet between two LANs crosses two lines. Packets on their way keep their time, and their order. */
  async setDelay(delayMs: number): Promise<void> {
    await this.set({ delayMs });
  }

  /** The part of the packets that is lost in each direction, 0 to 1. */
  async setLoss(loss: number): Promise<void> {
    await this.set({ loss });
  }

  /** In each direction; 0 lifts the limit. Up to 200 ms of packets wait, what comes on top is lost. */
  async setRate(rateMbit: number): Promise<void> {
    await this.set({ rateMbit });
  }

  /** @throws RangeError for what no line can be */
  async set(change: Partial<LineSettings>): Promise<void> {
    const settings = { ...this.#settings, ...change };
    const { delayMs, loss, rateMbit } = settings;
    if (!(delayMs >= 0 && delayMs < 60_000 && loss >= 0 && loss <= 1 && rateMbit >= 0 && rateMbit < 1e6))
      throw new RangeError(`a line can't be like this: ${JSON.stringify(settings)}`);
    this.#settings = settings;
    await this.#wire().set(this.name, settings);
    if (this.#isOnWire) return;
    this.#isOnWire = true;
    // The port's frames now go over a small bridge to one end of the wire; the other end takes the port's place.
    await ip(this.#namespace, [
      `link add w-${this.name} type bridge forward_delay 0 mcast_snooping 0`,
      `link set w-${this.name} addrgenmode none up`,
      `link set x-${this.name} addrgenmode none txqueuelen 5000 master w-${this.name} up`,
      `link set y-${this.name} addrgenmode none txqueuelen 5000 master br0 up`,
      `link set ${this.#port} master w-${this.name}`,
    ]);
    await linksAre("up", this.#namespace);
  }

  /** From now on every packet is lost silently, in both directions; nobody's cable seems unplugged. */
  async cut(): Promise<void> {
    const chain = (hook: string): string =>
      `chain ${hook} { type filter hook ${hook} device "${this.#port}" priority -500; policy drop; }`;
    const rules = `table netdev cut-${this.name} { ${chain("ingress")}\n${chain("egress")}\n}\n`;
    await runIn(this.#namespace, "nft", ["-f", "-"], rules);
  }

  /** Ends `cut`. @throws Error on a line that is not cut */
  async restore(): Promise<void> {
    await runIn(this.#namespace, "nft", ["delete", "table", "netdev", `cut-${this.name}`]);
  }
}
