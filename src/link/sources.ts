import type { Limits } from "../base/limits.ts";
import { isV4, parseAddress } from "./address.ts";
import { prefixKey } from "./address-set.ts";
import { TokenBucket } from "../base/token-bucket.ts";

/** What is remembered of where connections come from: an IPv4 address, a /64 of IPv6, or a /48 with a larger share. */
export class Source {
  readonly key: string;
  /** How many times a single source's share it may use. */
  readonly factor: number;
  readonly hellos: TokenBucket;
  /** Connections that have not proved themselves, those in the user stage, and proven links, that live now. */
  unproven = 0;
  userStages = 0;
  links = 0;
  /** Whether a link of it was ever proven: then it is no stranger when guesses run short. */
  hasProved = false;
  #penaltyEndsAt = 0;

  constructor(key: string, factor: number, limits: Limits["admission"], now: number) {
    this.key = key;
    this.factor = factor;
    this.hellos = new TokenBucket(limits.helloPerSource * factor, limits.helloBurst * factor, now);
  }

  /** Seconds of penalty left. They drain as time passes. */
  penaltyS(now: number): number {
    return Math.max(0, this.#penaltyEndsAt - now) / 1000;
  }

  penalise(seconds: number, mostS: number, now: number): void {
    this.#penaltyEndsAt = now + Math.min(this.penaltyS(now) + seconds, mostS) * 1000;
  }

  /** Seconds until it is let in again; 0 when it is now. */
  refusedForS(limits: Limits["penalty"], now: number): number {
    const allowance = limits.refuseAbove * this.factor * (this.links > 0 ? limits.provenFactor : 1);
    return Math.max(0, this.penaltyS(now) - allowance);
  }

  get isInUse(): boolean {
    return this.unproven > 0 || this.userStages > 0 || this.links > 0;
  }
}

/** The sources by their keys: as many as the limits say, the least recently seen one forgotten first, those in use never. */
export class Sources {
  readonly #limits: Limits["admission"];
  /** In the order of their last visit. */
  readonly #table = new Map<string, Source>();

  constructor(limits: Limits["admission"]) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#table.size;
  }

  /** What an address is charged to, the narrowest first. What is no address (memory networks) is its own source. */
  of(host: string, now: number): Source[] {
    const bytes = parseAddress(host);
    if (bytes === undefined) return [this.#get(`name ${host}`, 1, now)];
    if (isV4(bytes)) return [this.#get(`4 ${prefixKey(bytes, 128)}`, 1, now)];
    return [
      this.#get(`64 ${prefixKey(bytes, 64)}`, 1, now),
      this.#get(`48 ${prefixKey(bytes, 48)}`, this.#limits.wideFactor, now),
    ];
  }

  #get(key: string, factor: number, now: number): Source {
    const known = this.#table.get(key);
    const source = known ?? new Source(key, factor, this.#limits, now);
    if (known !== undefined) this.#table.delete(key);
    this.#table.set(key, source);
    if (this.#table.size > this.#limits.sources) this.#evict();
    return source;
  }

  #evict(): void {
    // Those in use move to the end; as there are at most as many as connections and links, a free one is found soon.
    for (let left = this.#table.size; left > 0; left--) {
      const [oldest] = this.#table;
      if (oldest === undefined) return;
      const [key, source] = oldest;
      this.#table.delete(key);
      if (!source.isInUse) return;
      this.#table.set(key, source);
    }
  }
}
