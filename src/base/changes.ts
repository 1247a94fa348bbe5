/** Who wants to look again when something may have changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** Calls `run` from now on, until the returned function is called. */
  on(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  tell(): void {
    for (const run of this.#listeners) run();
  }
}
