import { allocate } from "../base/bytes.ts";
import { MAX_PAYLOAD_BYTES, MIN_FRAGMENT_BYTES, MORE, readU32, TOTAL_BYTES } from "./frames.ts";
import { creditedBytes, type SessionLimits } from "./limits.ts";
import { ProtocolViolation } from "./violation.ts";

/** Where credit for the peer's big messages goes. */
export interface Grants {
  grant(number: number, bytes: number): void;
  forgetGrant(number: number): void;
}

interface Assembly {
  readonly number: number;
  readonly key: number;
  readonly total: number;
  /** As long as what may come: `total` once there is credit for all of it. */
  buffer: Uint8Array;
  received: number;
  credited: boolean;
}

/**
 * Big messages of the peer that are being put together: one buffer each, made when its size is known and has been checked. What may come without credit has its
 * memory set aside; credit is given for whole messages out of the rest, first come, first served, so each one that has it can be finished.
 */
export class Assemblies {
  readonly #limits: SessionLimits;
  readonly #grants: Grants;
  readonly #byKey = new Map<number, Assembly>();
  readonly #waiting = new Set<Assembly>();
  #nextNumber = 0;
  #creditLeft: number;

  constructor(limits: SessionLimits, grants: Grants) {
    this.#limits = limits;
    this.#grants = grants;
    this.#creditLeft = creditedBytes(limits);
  }

  /** How many messages are unfinished. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Whether a frame belongs to an unfinished message. */
  has(kind: number, channel: number): boolean {
    return this.#byKey.size > 0 && this.#byKey.has(keyOf(kind, channel));
  }

  /** Takes a fragment; returns the message when it was the last one. @throws ProtocolViolation */
  fragment(kind: number, channel: number, payload: Uint8Array, more: boolean): Uint8Array | undefined {
    const known = this.#byKey.get(keyOf(kind, channel));
    const assembly = known ?? this.#begin(keyOf(kind, channel), payload);
    const data = known === undefined ? payload.subarray(TOTAL_BYTES) : payload;
    const received = assembly.received + data.length;
    if (more && data.length < MIN_FRAGMENT_BYTES)
      throw new ProtocolViolation(`a fragment has only ${data.length} bytes`);
    if (received > assembly.total)
      throw new ProtocolViolation(`more bytes came than the ${assembly.total} of the message`);
    if (more === (received === assembly.total))
      throw new ProtocolViolation("the last fragment is not marked as the last one is");
    if (received > assembly.buffer.length) throw new ProtocolViolation("a fragment came without credit");
    assembly.buffer.set(data, assembly.received);
    assembly.received = received;
    if (more) return undefined;
    this.#remove(assembly);
    return assembly.buffer;
  }

  /** The peer gave a message up. @throws ProtocolViolation when there is none of that number */
  drop(number: number): void {
    for (const assembly of this.#byKey.values()) {
      if (assembly.number !== number) continue;
      this.#grants.forgetGrant(number);
      return this.#remove(assembly);
    }
    throw new ProtocolViolation(`message ${number} was dropped, but is not under way`);
  }

  #begin(key: number, payload: Uint8Array): Assembly {
    const { messageBytes, assemblyMessages, freeBytes } = this.#limits;
    if (payload.length < TOTAL_BYTES) throw new ProtocolViolation("a first fragment has no total");
    const total = readU32(payload, 0);
    if (total > messageBytes)
      throw new ProtocolViolation(`a message of ${total} bytes is over the cap of ${messageBytes}`);
    if (total <= MAX_PAYLOAD_BYTES) throw new ProtocolViolation(`a message of ${total} bytes came in fragments`);
    if (this.#byKey.size >= assemblyMessages)
      throw new ProtocolViolation(`more than ${assemblyMessages} messages are unfinished`);
    const assembly: Assembly = {
      number: this.#nextNumber,
      key,
      total,
      buffer: NOTHING,
      received: 0,
      credited: false,
    };
    this.#nextNumber = (this.#nextNumber + 1) >>> 0;
    this.#byKey.set(key, assembly);
    if (total <= freeBytes) assembly.buffer = allocate(total);
    else {
      this.#waiting.add(assembly);
      this.#giveCredit();
      if (!assembly.credited) assembly.buffer = allocate(freeBytes);
    }
    return assembly;
  }

  #remove(assembly: Assembly): void {
    this.#byKey.delete(assembly.key);
    this.#waiting.delete(assembly);
    if (assembly.credited) this.#creditLeft += assembly.total;
    this.#giveCredit();
  }

  #giveCredit(): void {
    for (const assembly of this.#waiting) {
      if (assembly.total > this.#creditLeft) return;
      this.#waiting.delete(assembly);
      this.#creditLeft -= assembly.total;
      assembly.credited = true;
      const { buffer } = assembly;
      assembly.buffer = allocate(assembly.total);
      assembly.buffer.set(buffer.subarray(0, assembly.received));
      this.#grants.grant(assembly.number, assembly.total - this.#limits.freeBytes);
    }
  }
}

const NOTHING = new Uint8Array(0);

function keyOf(kind: number, channel: number): number {
  return channel * MORE + kind;
}
