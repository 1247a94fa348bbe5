import type { Timer } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { Failure } from "./admission.ts";
import type { AnsweringConfig, AnswerOutcome, RefusalReason } from "./answering.ts";
import type { HelloInfo } from "./handshake.ts";
import { RecordReader, type SealedRecord } from "./records.ts";
import { MAX_STAGE_BODY_BYTES } from "./user-stage.ts";
import type { UserStageResponder } from "./user-stage-responder.ts";

/** The answering side of the user stage on a pipe, right after CONFIRM: records in, a deadline, and one outcome as that of `Answering`. */
export class UserCheck {
  readonly #pipe: Pipe;
  readonly #stage: UserStageResponder;
  readonly #hello: HelloInfo | undefined;
  readonly #config: AnsweringConfig;
  readonly #settled: (outcome: AnswerOutcome) => void;
  readonly #reader = new RecordReader(MAX_STAGE_BODY_BYTES);
  readonly #deadline: Timer;
  #delay: Timer | undefined;
  #isOver = false;

  /** @param rest bytes that came behind CONFIRM, where none may. */
  constructor(
    pipe: Pipe,
    stage: UserStageResponder,
    hello: HelloInfo | undefined,
    rest: Uint8Array,
    config: AnsweringConfig,
    settled: (outcome: AnswerOutcome) => void,
  ) {
    this.#pipe = pipe;
    this.#stage = stage;
    this.#hello = hello;
    this.#config = config;
    this.#settled = settled;
    const { clock, limits = DEFAULT_LIMITS } = config;
    const { userStageMs } = limits.handshake;
    this.#deadline = clock.after(userStageMs, () => this.#late(userStageMs));
    pipe.start({
      data: (chunk) => this.#data(chunk),
      drain() {},
      end: (error) => this.#ended(error),
    });
    if (rest.length > 0) this.#data(rest);
    else {
      const delayMs = config.userDelayMs?.(this.#name) ?? 0;
      if (delayMs === 0) this.#ask();
      else this.#delay = clock.after(delayMs, () => this.#ask());
    }
  }

  /** Ends it from outside. */
  abort(reason: RefusalReason, error: LinkError): void {
    this.#fail(reason, error);
  }

  get #name(): string {
    return this.#hello?.name ?? "";
  }

  #ask(): void {
    this.#delay = undefined;
    this.#pipe.write([this.#stage.ask()]);
  }

  #data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
      while (!this.#isOver) {
        const record = this.#reader.next();
        if (record === undefined) return;
        this.#record(record);
      }
    } catch (error) {
      if (error instanceof LinkError) return this.#broken(error);
      this.#config.log.error({ err: error }, "a user could not be checked");
      this.#fail("refused", new LinkError("ERR_INTERNAL", "this side failed to answer", { cause: error }));
    }
  }

  #record(record: SealedRecord): void {
    const step = this.#stage.receive(record);
    switch (step.kind) {
      case "send":
        this.#config.chargeUser?.(this.#name);
        this.#pipe.write([step.send]);
        return;
      case "done":
        this.#release();
        this.#pipe.pause();
        this.#settled({ kind: "link", established: step.established, rest: this.#reader.takeRest() });
        return;
      default:
        this.#broken(step.error);
    }
  }

  #ended(cause: Error | undefined): void {
    const error = new LinkError("ERR_TRUNCATED", "it went away during the user stage", { cause });
    this.#fail("hung up", error);
  }

  #late(ms: number): void {
    this.#fail(
      "deadline",
      new LinkError("ERR_TIMEOUT", `the user did not prove itself within ${ms / 1000} s`),
      "deadline",
    );
  }

  /** What came is not what the protocol says, or says that it is over: no answer. */
  #broken(error: LinkError): void {
    if (error.received === undefined) this.#fail("malformed", error, "malformed");
    else this.#fail("hung up", error);
  }

  /** Once the user knows whether its password is right, every end but a right one is a wrong guess, counted already. */
  #fail(reason: RefusalReason, error: LinkError, failure?: Failure): void {
    if (this.#isOver) return;
    const isGuess = this.#stage.hasProved;
    this.#release();
    this.#stage.wipe();
    this.#pipe.destroy();
    const hello = this.#hello;
    if (!isGuess) return this.#settled({ kind: "failed", reason, error, hello, failure });
    const text = `${JSON.stringify(this.#name)} did not prove that it knows its password`;
    const wrong = new LinkError("ERR_AUTH", text, { cause: error });
    this.#settled({ kind: "failed", reason: "wrong user password", error: wrong, hello, failure: undefined });
  }

  #release(): void {
    this.#isOver = true;
    this.#deadline.cancel();
    this.#delay?.cancel();
  }
}
