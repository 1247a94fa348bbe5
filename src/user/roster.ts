import type { Member } from "../wire/room-messages.ts";

/** Who else is in the Room, as it said last. */
export class Roster {
  readonly #members = new Map<string, string | undefined>();
  readonly #changed: () => void;
  /** The members of a welcome that is still coming in; they take the place of the old ones when all are here. */
  #incoming: { left: number; members: Map<string, string | undefined> } | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  kindOf(name: string): string | undefined {
    return this.#members.get(name);
  }

  get names(): readonly string[] {
    return [...this.#members.keys()].toSorted();
  }

  live(kind: string): readonly string[] {
    const names: string[] = [];
    for (const [name, its] of this.#members) if (its === kind) names.push(name);
    return names.toSorted();
  }

  /** A welcome: `count` members follow. True when the list is complete. */
  begin(count: number): boolean {
    this.#incoming = { left: count, members: new Map() };
    return this.#complete();
  }

  /** Members that are here. True when this completes a welcome. */
  add(members: readonly Member[]): boolean {
    const incoming = this.#incoming;
    for (const { name, kind } of members) (incoming?.members ?? this.#members).set(name, kind);
    if (incoming === undefined) this.#changed();
    else incoming.left -= members.length;
    return incoming !== undefined && this.#complete();
  }

  remove(names: readonly string[]): void {
    const count = this.#members.size;
    for (const name of names) this.#members.delete(name);
    if (this.#members.size < count) this.#changed();
  }

  #complete(): boolean {
    if (this.#incoming === undefined || this.#incoming.left > 0) return false;
    this.#members.clear();
    for (const [name, kind] of this.#incoming.members) this.#members.set(name, kind);
    this.#incoming = undefined;
    this.#changed();
    return true;
  }
}
