import type { Frame, InitiatorConfig, InitiatorOutcome } from "./handshake.ts";

/** The dialling side of one handshake. No I/O: bytes in, bytes out. Used once. */
export class Initiator {
  /** The HELLO frame to send first, header included. */
  readonly hello: Uint8Array;

  /** @throws TypeError or RangeError for a config that can't be said in HELLO. */
  constructor(config: InitiatorConfig) {
    this.hello = new Uint8Array(config.name.length);
  }

  /** Takes the responder's one frame. */
  receive(frame: Frame): InitiatorOutcome {
    throw new Error(`not yet ${frame.type}`);
  }

  /** Forgets the secrets of a handshake that will not go on. */
  wipe(): void {}
}
