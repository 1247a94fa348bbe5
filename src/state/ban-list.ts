import type { Clock } from "../base/clock.ts";
import { parseAddress } from "../link/address.ts";
import { parseSubnet, prefixKey } from "../link/address-set.ts";
import type { Ban, BanOptions, Bans } from "../schema/ban-types.ts";
import { isOver, makeBan, withBan, withoutBan } from "./ban.ts";

export interface BanListOptions {
  readonly clock: Clock;
  /** Told of each change. */
  readonly note: (reason: "added" | "lifted" | "expired", ban: Ban) => void;
  /** Keeps the list: gives the one that others may have changed, takes the changed one, as one step. Resolves to what is kept then. */
  readonly keep: (change: (bans: readonly Ban[] | undefined) => readonly Ban[]) => Promise<readonly Ban[]>;
}

interface Held {
  readonly ban: Ban;
  /** Its leading bits, and how many of them count. */
  readonly bits: number;
  readonly key: string;
  /** When it has lasted its own length, on the clock's monotonic scale. */
  readonly endsAt: number;
}

interface Change {
  readonly make: (bans: readonly Ban[]) => Ban[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** The bans that hold in this program, and the way to change them. */
export class BanList implements Bans {
  /** Called when an address may have become banned. */
  onBan: () => void = () => {};
  readonly #options: BanListOptions;
  #held = new Map<string, Held>();
  /** By how many leading bits count: those of that length. */
  #byBits = new Map<number, Map<string, Held>>();
  /** Changes that wait for the one that is being written. */
  #waiting: Change[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: BanListOptions) {
    this.#options = options;
  }

  /** Whether an address is banned, by itself or in a subnet. What is no address is not. */
  has(host: string): boolean {
    if (this.#byBits.size === 0) return false;
    const bytes = parseAddress(host);
    if (bytes === undefined) return false;
    for (const [bits, held] of this.#byBits) {
      const one = held.get(prefixKey(bytes, bits));
      if (one !== undefined && this.#holds(one)) return true;
    }
    return false;
  }

  list(): readonly Ban[] {
    return [...this.#held.values()].filter((held) => this.#holds(held)).map(({ ban }) => ban);
  }

  async add(address: string, options: BanOptions = {}): Promise<Ban> {
    const ban = makeBan(address, options, this.#options.clock.date());
    await this.#change((bans) => withBan(bans, ban));
    return ban;
  }

  async lift(address: string): Promise<boolean> {
    withoutBan([], address); // throws before anything is touched
    let wasThere = false;
    await this.#change((bans) => {
      const left = withoutBan(bans, address);
      wasThere = left.length < bans.length;
      return left;
    });
    return wasThere;
  }

  /** Takes a list in place of its own. A ban that it had already ends no later than before. */
  take(bans: readonly Ban[]): void {
    const { clock, note } = this.#options;
    const before = this.#held;
    this.#held = new Map();
    this.#byBits = new Map();
    let isMore = false;
    for (const ban of bans) {
      const old = before.get(ban.address);
      const left = ban.until === undefined ? Infinity : ban.until.getTime() - clock.date();
      const isSame = old !== undefined && isSameBan(old.ban, ban);
      const held = isSame ? old : { ban, ...parseSubnet(ban.address), endsAt: clock.now() + left };
      if (!this.#holds(held)) continue;
      this.#held.set(ban.address, held);
      const sameBits = this.#byBits.get(held.bits) ?? new Map<string, Held>();
      this.#byBits.set(held.bits, sameBits.set(held.key, held));
      if (isSame) continue;
      isMore = true;
      note("added", ban);
    }
    for (const [address, old] of before)
      if (!this.#held.has(address)) note(this.#holds(old) ? "lifted" : "expired", old.ban);
    if (isMore) this.onBan();
  }

  get isWriting(): boolean {
    return this.#writing !== undefined;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #holds({ ban, endsAt }: Held): boolean {
    const { clock } = this.#options;
    return !isOver(ban, clock.date()) && clock.now() < endsAt;
  }

  #change(make: Change["make"]): Promise<void> {
    const changed = new Promise<void>((done, failed) => this.#waiting.push({ make, done, failed }));
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    return changed;
  }

  /** Writes what waits: all at once, however many they are. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      const answers = new Map<Change, () => void>();
      try {
        const kept = await this.#options.keep((bans) => {
          let next = this.#live(bans);
          for (const change of batch) {
            try {
              next = change.make(next);
              answers.set(change, change.done);
            } catch (error) {
              answers.set(change, () => change.failed(error));
            }
          }
          return next;
        });
        this.take(kept);
        for (const answer of answers.values()) answer();
      } catch (error) {
        for (const change of batch) change.failed(error);
      }
    }
  }

  /** Of what the file holds, or else this program knows, the bans that are not over. */
  #live(bans: readonly Ban[] | undefined): readonly Ban[] {
    const now = this.#options.clock.date();
    return (bans ?? this.list()).filter((ban) => {
      const own = this.#held.get(ban.address);
      return own !== undefined && isSameBan(own.ban, ban) ? this.#holds(own) : !isOver(ban, now);
    });
  }
}

function isSameBan(one: Ban, other: Ban): boolean {
  return (
    one.since.getTime() === other.since.getTime() &&
    one.until?.getTime() === other.until?.getTime() &&
    one.reason === other.reason
  );
}
