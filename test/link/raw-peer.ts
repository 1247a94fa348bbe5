import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import type { Established, Frame, InitiatorConfig, ResponderConfig } from "../../src/link/handshake.ts";
import { FrameReader } from "../../src/link/handshake-frames.ts";
import { RecordReader } from "../../src/link/records.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";

/** The types of records. */
export const RECORD = { data: 1, ping: 2, pong: 3, identity: 4, sealed: 5, userStage: 6, close: 0x7f } as const;

/** A peer that does on a pipe exactly what a test tells it, right or wrong. */
export class RawPeer {
  readonly pipe: Pipe;
  /** Everything that came, in order. */
  received = new Uint8Array(0);
  /** Set when the other side ended the pipe, in order or not. */
  ended: { error: Error | undefined } | undefined;
  established: Established | undefined;
  readonly #frames = new FrameReader();
  readonly #records = new RecordReader();
  #waiting: (() => void)[] = [];

  constructor(pipe: Pipe) {
    this.pipe = pipe;
    pipe.start({
      data: (chunk) => {
        this.received = new Uint8Array(Buffer.concat([this.received, chunk]));
        if (this.established === undefined) this.#frames.push(chunk);
        else this.#records.push(chunk);
        this.#woken();
      },
      drain() {},
      end: (error) => {
        this.ended = { error };
        this.#woken();
      },
    });
  }

  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Waits until the other side has ended the pipe. */
  async untilEnded(): Promise<void> {
    await this.until(() => this.ended !== undefined);
  }

  write(...parts: Uint8Array[]): void {
    this.pipe.write(parts);
  }

  /** The next frame before the keys. */
  async frame(): Promise<Frame> {
    let frame: Frame | undefined;
    await this.until(() => (frame ??= this.#frames.next()) !== undefined);
    return frame as Frame;
  }

  /** Greets as that initiator and waits for REPLY. CONFIRM is made but not sent. */
  async greet(config: InitiatorConfig): Promise<Uint8Array> {
    const initiator = new Initiator(config);
    this.write(initiator.hello);
    const outcome = initiator.receive(await this.frame());
    if ("error" in outcome) throw outcome.error;
    if (outcome.established === undefined) throw new Error("a user stage follows");
    this.#establish(outcome.established);
    return outcome.send;
  }

  /** The whole handshake as an honest initiator. */
  async shake(config: InitiatorConfig): Promise<void> {
    this.write(await this.greet(config));
  }

  /** The whole handshake as an honest responder. */
  async answer(config: ResponderConfig): Promise<void> {
    const responder = new Responder(config);
    const greeted = responder.hello(await this.frame());
    if (greeted.error !== undefined) throw greeted.error;
    this.write(greeted.send);
    const outcome = responder.confirm(await this.frame());
    if (outcome.error !== undefined) throw outcome.error;
    if (outcome.established === undefined) throw new Error("a user stage follows");
    this.#establish(outcome.established);
  }

  /** A record, sealed as the next one. */
  seal(type: number, ...parts: Uint8Array[]): Uint8Array {
    if (this.established === undefined) throw new Error("no keys yet");
    return this.established.sealer.seal(type, parts);
  }

  /** The next record that came. */
  async record(): Promise<{ type: number; payload: Uint8Array }> {
    for (;;) {
      const record = this.#records.next();
      if (record !== undefined) return (this.established as Established).opener.open(record.lengthPrefix, record.body);
      if (this.ended !== undefined) throw new Error("the pipe ended");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #establish(established: Established): void {
    this.established = established;
    this.#records.push(this.#frames.takeRest());
  }

  #woken(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
