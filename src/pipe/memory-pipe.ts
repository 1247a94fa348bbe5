import type { MemoryMedium, MemoryWire } from "./memory.ts";
import type { Address, Pipe, PipeEvents } from "./pipe.ts";

/** One end of a pipe of a `MemoryNetwork`. It holds the bytes that came and were not delivered. */
export class MemoryPipe implements Pipe {
  readonly local: Address;
  readonly remote: Address;
  readonly #medium: MemoryMedium;
  /** The way to the other end. */
  readonly #wire: MemoryWire;
  #other: MemoryPipe | undefined;
  /** Bytes that the other end wrote and that have not come. */
  #onTheWayBytes = 0;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  /** What comes after the inbox: the other side's FIN or reset. */
  #inboxEnd: { error: Error | undefined } | undefined;
  #state: "open" | "ended" | "closing" | "gone" = "open";
  #events: PipeEvents | undefined;
  #isPaused = false;
  #isScheduled = false;
  #isFull = false;
  /** Nothing passes any more, though the owner may not have been told. */
  #isBroken = false;
  #hasCrashed = false;
  /** After a crash: whether the other end was told. */
  #hasReset = false;

  constructor(medium: MemoryMedium, wire: MemoryWire, local: Address, remote: Address) {
    this.#medium = medium;
    this.#wire = wire;
    this.local = local;
    this.remote = remote;
  }

  /** Tells this end its other one. Once, before all else. */
  join(other: MemoryPipe): void {
    this.#other = other;
  }

  start(events: PipeEvents): void {
    if (this.#state !== "open") return;
    this.#events = events;
    this.#isPaused = false;
    this.wake();
  }

  write(parts: readonly Uint8Array[]): boolean {
    const other = this.#other;
    if (this.#state !== "open" || this.#isBroken || other === undefined) return true;
    const copies = parts.filter((part) => part.length > 0).map((part) => new Uint8Array(part));
    const bytes = copies.reduce((sum, part) => sum + part.length, 0);
    if (bytes === 0) return true;
    other.#onTheWayBytes += bytes;
    this.#wire.carry("bytes", bytes, () => other.#take(copies, bytes));
    if (this.buffered < this.#medium.highWaterBytes) return true;
    this.#isFull = true;
    return false;
  }

  get buffered(): number {
    return this.#other === undefined ? 0 : this.#other.#onTheWayBytes + this.#other.#inboxBytes;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.wake();
  }

  /** The linger time has no clock here: 0 frees at once, anything else when the other side has ended too. */
  close(lingerMs?: number): void {
    if (this.#state === "gone" || this.#state === "closing") return;
    const isLast = this.#state === "ended" || lingerMs === 0;
    this.#state = "closing";
    this.#events = undefined;
    this.#sendEnd(undefined);
    if (isLast) this.#free();
    else this.wake(); // what comes is dropped
  }

  destroy(): void {
    if (this.#state === "gone") return;
    // As with a socket: unread or unsent bytes make it a reset, else it is an ordinary end.
    const isLossy = this.#onTheWayBytes + this.#inboxBytes > 0 || this.buffered > 0;
    this.#free();
    this.#sendEnd(isLossy ? resetError() : undefined);
  }

  /** Its program is gone, and gets no event any more. The other end gets a reset: now, or when the program went silently, for the next bytes that come here. */
  crash(isSilent: boolean): void {
    if (this.#state === "gone") return;
    this.#free();
    this.#hasCrashed = true;
    if (!isSilent) this.#answerReset();
  }

  #answerReset(): void {
    if (this.#hasReset) return;
    this.#hasReset = true;
    this.#sendEnd(resetError());
  }

  /** Breaks the pipe under its owner, who is told a little later, or at `start`. */
  reset(): void {
    if (this.#state === "gone" || this.#isBroken) return;
    this.#isBroken = true;
    this.#dropInbox();
    this.#inboxEnd = { error: resetError() };
    this.#medium.later(() => {
      const isUnowned = this.#state === "open" && this.#events === undefined;
      if (!isUnowned) this.#deliverEnd(resetError());
    });
    this.#other?.reset();
  }

  /** Delivers what waits, later. */
  wake(): void {
    if (this.#isScheduled || this.#state === "gone" || this.#medium.isFrozen) return;
    if (this.#inboxBytes === 0 && this.#inboxEnd === undefined) return;
    this.#isScheduled = true;
    this.#medium.later(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** Bytes came. */
  #take(parts: readonly Uint8Array[], bytes: number): void {
    this.#onTheWayBytes -= bytes;
    if (this.#hasCrashed) return this.#answerReset();
    if (this.#isBroken || this.#state === "gone" || this.#state === "ended") return;
    this.#inbox.push(...parts);
    this.#inboxBytes += bytes;
    if (!this.#isScheduled) this.#deliver();
  }

  #sendEnd(error: Error | undefined): void {
    const other = this.#other;
    if (other !== undefined) this.#wire.carry(error === undefined ? "end" : "reset", 0, () => other.#takeEnd(error));
  }

  /** The end of what comes, came. */
  #takeEnd(error: Error | undefined): void {
    if (this.#state === "gone" || this.#inboxEnd !== undefined) return;
    if (error !== undefined) this.#dropInbox();
    this.#inboxEnd = { error };
    if (!this.#isScheduled) this.#deliver();
  }

  #deliver(): void {
    const isDropping = this.#state === "closing";
    if (this.#medium.isFrozen || this.#state === "gone") return;
    if (!isDropping && (this.#isPaused || this.#events === undefined)) return;
    if (this.#inboxBytes > 0) {
      const chunk = this.#takeChunk(isDropping ? this.#inboxBytes : this.#medium.cut(this.#inboxBytes));
      if (!isDropping) this.#events?.data(chunk);
      if (this.#onTheWayBytes + this.#inboxBytes === 0 && this.#other !== undefined) this.#other.#drained();
    } else if (this.#inboxEnd !== undefined) {
      this.#deliverEnd(this.#inboxEnd.error);
    }
    this.wake();
  }

  #deliverEnd(error: Error | undefined): void {
    const events = this.#events;
    this.#inboxEnd = undefined;
    this.#events = undefined;
    if (this.#state === "closing" || error !== undefined) this.#free();
    else this.#state = "ended";
    events?.end(error);
    // Nobody reads any more, so nothing is left to say: as a socket that may not stay half open.
    if (this.#state === "ended") this.close();
  }

  #drained(): void {
    if (!this.#isFull || this.#state !== "open") return;
    this.#isFull = false;
    this.#medium.later(() => this.#events?.drain());
  }

  #takeChunk(bytes: number): Uint8Array {
    const first = this.#inbox[0] as Uint8Array;
    this.#inboxBytes -= bytes;
    if (first.length === bytes) {
      this.#inbox.shift();
      return first;
    }
    if (first.length > bytes) {
      this.#inbox[0] = first.subarray(bytes);
      return first.slice(0, bytes);
    }
    const chunk = new Uint8Array(bytes);
    for (let at = 0; at < bytes; ) {
      const next = this.#inbox.shift() as Uint8Array;
      const taken = next.subarray(0, bytes - at);
      chunk.set(taken, at);
      at += taken.length;
      if (taken.length < next.length) this.#inbox.unshift(next.subarray(taken.length));
    }
    return chunk;
  }

  #dropInbox(): void {
    this.#inbox = [];
    this.#inboxBytes = 0;
  }

  #free(): void {
    this.#state = "gone";
    this.#events = undefined;
    this.#inboxEnd = undefined;
    this.#dropInbox();
    this.#medium.forget(this);
  }
}

function resetError(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
