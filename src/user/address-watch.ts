import type { Timer } from "../base/clock.ts";
import type { Environment } from "../link/environment.ts";

/** How often this machine's addresses are looked at: the system tells Node nothing about changes. One look takes 35 us. */
const EVERY_MS = 2_000;

/** Tells when the addresses of this machine change: a cable, a wireless network, sleep and wake. */
export class AddressWatch {
  readonly #environment: Environment;
  readonly #changed: () => void;
  #known = "";
  #timer: Timer | undefined;

  constructor(environment: Environment, changed: () => void) {
    this.#environment = environment;
    this.#changed = changed;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#known = this.#now();
    this.#wait();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #now(): string {
    return this.#environment.addresses().join();
  }

  #wait(): void {
    this.#timer = this.#environment.clock.after(EVERY_MS, () => this.#look(), { hold: false });
  }

  #look(): void {
    this.#wait();
    const now = this.#now();
    if (now === this.#known) return;
    this.#known = now;
    this.#changed();
  }
}
