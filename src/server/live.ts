import type { PeerTable } from "../node/peer-table.ts";

/** Who is connected to a server or client: known by the sessions alone, without a Room to say it. */
export class Live {
  readonly #table: () => PeerTable;
  readonly #listeners = new Set<() => void>();

  /** @param table asked for when it is needed: it is made after this */
  constructor(table: () => PeerTable) {
    this.#table = table;
  }

  /** The names of those with a session, sorted. */
  get names(): readonly string[] {
    return this.#table().open.toSorted();
  }

  /** The names of those that said they are of that kind, sorted. */
  ofKind(kind: string): readonly string[] {
    return this.names.filter((name) => this.#table().kindOf(name) === kind);
  }

  onChange(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  /** Lets those who listen look again. */
  tell(): void {
    for (const run of this.#listeners) run();
  }
}
