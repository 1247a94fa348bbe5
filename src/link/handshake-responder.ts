import type { ConfirmOutcome, Frame, HelloOutcome, ResponderConfig } from "./handshake.ts";

/** The answering side of one handshake. No I/O: bytes in, bytes out. Used once. */
export class Responder {
  readonly #config: ResponderConfig;

  constructor(config: ResponderConfig) {
    this.#config = config;
  }

  /** Whether REPLY went out: from then on anything but a right CONFIRM is a counted guess (purposes 1 and 2; 3 and 4 count wrong Ta only). */
  get hasReplied(): boolean {
    return false;
  }

  /** What HELLO said; undefined before its checks passed. */
  get initiatorName(): string | undefined {
    return undefined;
  }

  /** Takes the initiator's first frame. */
  hello(frame: Frame): HelloOutcome {
    throw new Error(`not yet ${frame.type} ${this.#config.name}`);
  }

  /** Takes the initiator's second frame. ERR_AUTH: a wrong Ta, or the initiator refused with 9. */
  confirm(frame: Frame): ConfirmOutcome {
    throw new Error(`not yet ${frame.type}`);
  }

  /** Forgets the secrets of a handshake that will not go on. */
  wipe(): void {}
}
