import type { Clock } from "../base/clock.ts";
import { DEFAULT_HOST } from "../link/defaults.ts";
import { MemoryNetwork } from "../pipe/memory.ts";
import { Course, type Shape } from "./course.ts";
import type { World } from "./host-life.ts";
import type { Outside } from "./outside.ts";
import { seededChance } from "./seeded.ts";
import { SimulatedHost } from "./simulated-host.ts";
import type { EventList, SimulationEvent } from "./simulation-event.ts";

/** One host or several, by their names. */
export type Hosts = string | readonly string[];

/** What a simulation makes its network of. */
export interface NetworkParts {
  readonly seed: number;
  readonly clock: Clock;
  /** Of all directions between two hosts, until it is changed. */
  readonly shape: Shape;
  readonly events: EventList;
  readonly outside: Outside;
}

/** Within one host everything takes this long. */
const LOCAL: Shape = { latencyMs: [0, 0] };

/** The host of this name is where users look for a Room unless they are told otherwise. */
const ROOM_HOST = "room";

/**
 * Hosts, and the links between them, which can be cut, stalled, parted and slowed down. Where a method takes hosts, the first is a name
 * or a list of names and so is the second; without the second it means all other hosts that were named so far.
 */
export class SimulatedNetwork {
  readonly seed: number;
  /** Numbers in [0, 1) for the test's own choices, from the seed. */
  readonly chance: () => number;
  readonly #clock: Clock;
  readonly #events: EventList;
  readonly #outside: Outside;
  readonly #world: World;
  readonly #network: MemoryNetwork;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #names = new Map<string, string>();
  /** The addresses at which nothing arrives. */
  readonly #silent = new Set<string>();
  /** By "from to", in addresses. */
  readonly #courses = new Map<string, Course>();
  readonly #shape: Shape;
  #links = 0;
  #calm: () => Promise<void> = async () => {};

  constructor({ seed, clock, shape, events, outside }: NetworkParts) {
    this.seed = seed;
    this.chance = seededChance(seed, "test");
    this.#clock = clock;
    this.#shape = shape;
    this.#events = events;
    this.#outside = outside;
    this.#network = new MemoryNetwork({
      later: (run) => void clock.after(0, run),
      chance: seededChance(seed, "chunks"),
      wires: ({ host: one }, { host: other }) => {
        const link = ++this.#links;
        const wire = (from: string, to: string) =>
          this.#course(from, to).wire(link, (what, bytes) => {
            const about = { what, from: this.#nameOf(from), to: this.#nameOf(to), link };
            events.add(what === "bytes" ? { ...about, bytes } : about);
          });
        return [wire(one, other), wire(other, one)];
      },
    });
    this.#world = {
      seed,
      clock,
      outside: (work) => outside.wait(work),
      network: this.#network,
      lookUp: (host) => (host === "localhost" ? DEFAULT_HOST : (this.#hosts.get(host)?.address ?? host)),
      record: (event) => events.add(event),
      silence: (address, isSilent) => {
        if (isSilent) this.#silent.add(address);
        else this.#silent.delete(address);
        for (const host of this.#hosts.values()) this.#course(host.address, address).setDead(isSilent);
      },
    };
  }

  /** Simulated milliseconds since the start. */
  get now(): number {
    return this.#clock.now();
  }

  /** What happened so far, oldest first. */
  get events(): readonly SimulationEvent[] {
    return this.#events.all;
  }

  /** The names of all hosts, in the order of their first mention. */
  get hosts(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /**
   * The host of that name, which is there from its first mention on. "room" has the address 127.0.0.1, where users look for a Room.
   * @throws TypeError for a name that is not 1 to 64 letters, digits, dots, hyphens and underscores.
   */
  host(name: string): SimulatedHost {
    if (typeof name !== "string" || !/^[\w.-]{1,64}$/.test(name))
      throw new TypeError(
        `a host's name is 1 to 64 letters, digits, dots, hyphens and underscores, not ${JSON.stringify(name)}`,
      );
    let host = this.#hosts.get(name);
    if (host === undefined) {
      const number = this.#hosts.size + 2;
      const address = name === ROOM_HOST ? DEFAULT_HOST : `127.0.${number >> 8}.${number & 0xff}`;
      host = new SimulatedHost(name, address, this.#world);
      this.#hosts.set(name, host);
      this.#names.set(address, name);
    }
    return host;
  }

  /** Lets so many simulated milliseconds pass, with all that happens in them. */
  async sleep(ms: number): Promise<void> {
    if (typeof ms !== "number" || !(ms >= 0))
      throw new TypeError(`sleep takes milliseconds, 0 or more, not ${String(ms)}`);
    await new Promise<void>((resolve) => void this.#clock.after(ms, resolve));
  }

  /** Waits for work that takes real time, such as a file or a thread, while simulated time stands still. Gives what the work gives. */
  outside<Result>(work: PromiseLike<Result>): Promise<Result> {
    return this.#outside.wait(work);
  }

  /** Puts a text of the test's own among the events: what a program saw, for instance. */
  note(text: string): void {
    this.#events.add({ what: "note", text });
  }

  /** Breaks the links that are open now: both ends learn of it at once, what was on the way is lost. Without hosts: all links of all. */
  cut(one: Hosts = this.hosts, other?: Hosts): void {
    for (const [from, to] of this.#pairs(one, other)) {
      this.#events.add({ what: "cut", from: from.name, to: to.name });
      this.#network.cut([from.address, to.address]);
    }
  }

  /**
   * The links that are open now fall silent, until `heal`: nobody is told, what is on the way waits. Links that are dialled later work.
   * With `oneWay` only what goes from the first to the second is held.
   */
  stall(one: Hosts, other?: Hosts, options: { oneWay?: boolean } = {}): void {
    for (const course of this.#directions("stall", one, other, options.oneWay)) course.stall(this.#links);
  }

  /** Parts hosts, until `heal`: nothing passes between them, dials hang, and links that are open wait. `oneWay` as for `stall`. */
  partition(one: Hosts, other?: Hosts, options: { oneWay?: boolean } = {}): void {
    for (const course of this.#directions("partition", one, other, options.oneWay)) course.isParted = true;
  }

  /** Ends stalls and partitions: what waited arrives. Without hosts: all of them. */
  heal(one: Hosts = this.hosts, other?: Hosts): void {
    for (const course of this.#directions("heal", one, other)) course.heal();
  }

  /** Changes how it is carried between hosts from now on; what is left out stays. `oneWay` as for `stall`. */
  shape(one: Hosts, other: Hosts, shape: Partial<Shape>, options: { oneWay?: boolean } = {}): void {
    checkShape(shape);
    for (const course of this.#directions("shape", one, other, options.oneWay))
      course.shape = { ...course.shape, ...shape };
  }

  /** Ends all that chance does to the network, and heals it. Resolves when the hosts that chance took down run again. */
  async calm(): Promise<void> {
    const back = this.#calm();
    this.heal();
    await back;
  }

  /** Every host is down from here on: the end of the simulation. */
  end(): void {
    for (const { address } of this.#hosts.values()) this.#network.crash(address, true);
  }

  /** What `calm` stops. */
  onCalm(stop: () => Promise<void>): void {
    this.#calm = stop;
  }

  #nameOf(address: string): string {
    return this.#names.get(address) ?? address;
  }

  #course(from: string, to: string): Course {
    const key = `${from} ${to}`;
    let course = this.#courses.get(key);
    if (course === undefined) {
      const shape = from === to ? LOCAL : this.#shape;
      const chance = seededChance(this.seed, `course ${this.#nameOf(from)} ${this.#nameOf(to)}`);
      course = new Course(this.#clock, chance, shape);
      course.setDead(this.#silent.has(to));
      this.#courses.set(key, course);
    }
    return course;
  }

  /** The courses between hosts, both ways or one. */
  #directions(what: SimulationEvent["what"], one: Hosts, other: Hosts | undefined, oneWay = false): Course[] {
    return this.#pairs(one, other).flatMap(([from, to]) => {
      this.#events.add({ what, from: from.name, to: to.name, text: oneWay ? "one way" : "both ways" });
      const there = this.#course(from.address, to.address);
      return oneWay ? [there] : [there, this.#course(to.address, from.address)];
    });
  }

  #pairs(one: Hosts, other: Hosts | undefined): (readonly [SimulatedHost, SimulatedHost])[] {
    const ones = this.#known(one);
    if (other === undefined && ones.length === this.#hosts.size)
      return ones.flatMap((from, at) => ones.slice(at + 1).map((to) => [from, to] as const));
    const others = other === undefined ? this.hosts.filter((name) => !ones.includes(this.host(name))) : other;
    const pairs = ones.flatMap((from) => this.#known(others).map((to) => [from, to] as const));
    for (const [from, to] of pairs) if (from === to) throw new TypeError(`"${from.name}" is on both sides`);
    return pairs;
  }

  #known(names: Hosts): SimulatedHost[] {
    return (typeof names === "string" ? [names] : [...names]).map((name) => {
      const host = this.#hosts.get(name);
      if (host === undefined)
        throw new TypeError(`there is no host ${JSON.stringify(name)}; hosts: ${this.hosts.join(", ") || "none"}`);
      return host;
    });
  }
}

/** @throws TypeError when a shape makes no sense. */
export function checkShape({ latencyMs, bytesPerS }: Partial<Shape>): void {
  if (latencyMs !== undefined) checkRange("latencyMs", latencyMs);
  if (bytesPerS !== undefined && !(bytesPerS > 0)) throw new TypeError(`bytesPerS must be above 0, not ${bytesPerS}`);
}

/** @throws TypeError when a range makes no sense. */
export function checkRange(name: string, range: readonly [number, number]): void {
  const [least, most] = Array.isArray(range) ? range : [NaN, NaN];
  if (!(least >= 0 && most >= least && most < Infinity))
    throw new TypeError(`${name} must be two numbers, the least and the most, from 0: not ${JSON.stringify(range)}`);
}
