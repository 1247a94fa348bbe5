import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Timer } from "../base/clock.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { Failure } from "./admission.ts";
import type { LinkContext } from "./dial.ts";
import type { Established, Frame, HelloInfo, Refusal, ResponderConfig } from "./handshake.ts";
import { decodeRelayPreface, encodeRefuse, FRAME, FrameReader } from "./handshake-frames.ts";
import { CODE } from "./handshake-refuse.ts";
import { Responder } from "./handshake-responder.ts";
import { UserCheck } from "./user-check.ts";

/** Why a connection did not become a link. */
export type RefusalReason =
  | "blacklisted" // its address is on the list that the program was given
  | "banned" // its address is banned
  | "penalty" // too many failures of its source
  | "busy" // a limit on connections, links or HELLO frames
  | "no hello" // it went away, or what came was not ours
  | "deadline" // too slow
  | "malformed" // broke the protocol
  | "refused" // a check of the handshake: version, purpose, encryption, name, ticket
  | "wrong secret" // password, or a wrong proof of a ticket; for passwords also when it went away after REPLY
  | "wrong user password" // also when it went away once it knew whether the password was right
  | "hung up" // went away and learned nothing: mostly a ticket holder, or a leg for a relay, that lost a race
  | "closing"; // this listener is

/** What the first frame of a connection that asks for a splice gets: the pipe, or a REFUSE code. */
export type RelayAnswer = ((pipe: Pipe, early: Uint8Array) => void) | { readonly code: number; readonly text?: string };

/** How answering a connection ended. */
export type AnswerOutcome =
  | { readonly kind: "link"; readonly established: Established; readonly rest: Uint8Array }
  | { readonly kind: "relay"; readonly take: (pipe: Pipe, early: Uint8Array) => void; readonly early: Uint8Array }
  | {
      readonly kind: "failed";
      readonly reason: RefusalReason;
      readonly error: LinkError;
      readonly hello: HelloInfo | undefined;
      /** What it costs the source; undefined: nothing beyond what `chargeUser` did. */
      readonly failure: Failure | undefined;
    };

export interface AnsweringConfig extends LinkContext {
  readonly handshake: Omit<ResponderConfig, "admit">;
  admit?(): (Refusal & { readonly reason: RefusalReason }) | undefined;
  /** Its address is barred: it is refused even with a pass that is good. */
  bar?(): (Refusal & { readonly reason: RefusalReason }) | undefined;
  /** Whether its source has proven itself: its programs drop connections that another path has made needless, before they say a word. */
  isKnown?(): boolean;
  /** CONFIRM was valid, and the user stage follows. False: there is no place for it. */
  confirmed?(): boolean;
  /** For the user stage: how long to wait before a user of that name is asked, in ms, and that it learns now whether it guessed right. */
  userDelayMs?(name: string): number;
  chargeUser?(name: string): void;
  /** Set where splices are asked for. */
  readonly relay?: ((relayId: Uint8Array) => RelayAnswer) | undefined;
}

/**
 * The answering side of the handshake on one pipe: frames in, deadlines, and one outcome. When it failed the pipe is closing
 * or gone, else it is paused and the caller's. A stranger is kept at most one frame of 1,027 bytes.
 */
export class Answering {
  readonly #pipe: Pipe;
  readonly #config: AnsweringConfig;
  readonly #settled: (outcome: AnswerOutcome) => void;
  readonly #responder: Responder;
  readonly #reader: FrameReader;
  #userCheck: UserCheck | undefined;
  #timer: Timer | undefined;
  #state: "silent" | "hello" | "confirm" | "over" = "silent";
  #denial: (Refusal & { readonly reason: RefusalReason }) | undefined;

  constructor(pipe: Pipe, config: AnsweringConfig, settled: (outcome: AnswerOutcome) => void) {
    this.#pipe = pipe;
    this.#config = config;
    this.#settled = settled;
    this.#responder = new Responder({ ...config.handshake, admit: () => this.#admit() });
    const first = config.relay === undefined ? [FRAME.hello] : [FRAME.hello, FRAME.relay];
    this.#reader = new FrameReader(first);
    this.#startDeadlines();
    pipe.start({
      data: (chunk) => this.#data(chunk),
      drain() {},
      end: (error) => this.#ended(error),
    });
  }

  /** Ends it from outside. The proof in REPLY can be tested offline then as well: only where this side is closing is that no guess. */
  abort(reason: RefusalReason, error: LinkError): void {
    if (this.#userCheck !== undefined) this.#userCheck.abort(reason, error);
    else if (reason !== "closing" && this.#state === "confirm" && this.#isGuess)
      this.#fail("wrong secret", error, "wrongSecret");
    else this.#fail(reason, error);
  }

  #startDeadlines(): void {
    const { clock, limits = DEFAULT_LIMITS } = this.#config;
    const { firstByteMs, wholeMs } = limits.handshake;
    const late = (what: string, ms: number) => () => this.#late(`${what} within ${ms / 1000} s`);
    const startWhole = (ms: number): void => {
      this.#timer = clock.after(ms, late("no whole handshake", wholeMs));
    };
    if (firstByteMs >= wholeMs) return startWhole(wholeMs);
    this.#timer = clock.after(firstByteMs, () => {
      if (this.#state === "silent") late("nothing came", firstByteMs)();
      else startWhole(wholeMs - firstByteMs);
    });
  }

  #data(chunk: Uint8Array): void {
    if (this.#state === "over") return;
    if (this.#state === "silent") this.#state = "hello";
    try {
      this.#reader.push(chunk);
      const frame = this.#reader.next();
      if (frame === undefined) return;
      if (this.#state === "confirm") this.#confirm(frame);
      else if (frame.type === FRAME.relay) this.#relay(frame);
      else this.#hello(frame);
    } catch (error) {
      if (error instanceof LinkError) return this.#broken(error);
      this.#config.log.error({ err: error }, "a handshake could not be answered");
      this.#fail("refused", new LinkError("ERR_INTERNAL", "this side failed to answer", { cause: error }));
    }
  }

  #hello(frame: Frame): void {
    const outcome = this.#responder.hello(frame);
    if (outcome.error !== undefined) {
      const { error, send } = outcome;
      const isMalformed = error.code === "ERR_MALFORMED";
      if (this.#denial !== undefined) this.#fail(this.#denial.reason, error, undefined, send);
      else if (isMalformed) this.#fail("malformed", error, "malformed", send);
      else this.#fail("refused", error, undefined, send);
      return;
    }
    // Whoever has not seen REPLY has nothing to say behind HELLO.
    this.#state = "confirm";
    const rest = this.#reader.takeRest();
    if (rest.length > 0) return this.#broken(new LinkError("ERR_MALFORMED", "more than HELLO came before REPLY"));
    this.#pipe.write([outcome.send]);
  }

  #confirm(frame: Frame): void {
    const outcome = this.#responder.confirm(frame);
    if (outcome.error !== undefined) return this.#broken(outcome.error);
    const { established, stage } = outcome;
    const rest = this.#reader.takeRest();
    if (stage !== undefined && this.#config.confirmed?.() === false) {
      stage.wipe();
      return this.#fail("busy", new LinkError("ERR_BUSY", "too many users prove themselves at once"));
    }
    this.#release();
    if (stage === undefined) return this.#settled({ kind: "link", established, rest });
    this.#userCheck = new UserCheck(this.#pipe, stage, this.#responder.info, rest, this.#config, this.#settled);
  }

  /**
   * A pass that is good was given to somebody who proved itself, and may be looked up for nothing: no flood of others keeps it out. What is no pass costs what a HELLO
   * that fails does.
   */
  #relay(frame: Frame): void {
    const bar = this.#config.bar?.();
    if (bar !== undefined) return this.#deny(bar);
    const preface = decodeRelayPreface(frame.body);
    const answer = preface.refuse === undefined ? this.#config.relay?.(preface.relayId) : { code: preface.refuse };
    if (typeof answer === "function") {
      this.#release();
      return this.#settled({ kind: "relay", take: answer, early: this.#reader.takeRest() });
    }
    const denial = this.#admit();
    if (denial !== undefined) return this.#deny(denial);
    const { code, text = "" } = answer ?? { code: CODE.ticket };
    const isMalformed = code === CODE.malformed;
    const reason = isMalformed ? "malformed" : code === CODE.timeout ? "hung up" : "refused";
    const error = new LinkError("ERR_REFUSED", `a request to splice was refused with ${code}${text && `: ${text}`}`);
    this.#fail(reason, error, isMalformed ? "malformed" : undefined, encodeRefuse(code, 0, text));
  }

  #deny({ code, retryAfter, text, reason }: Refusal & { readonly reason: RefusalReason }): void {
    const error = new LinkError("ERR_REFUSED", text ?? "not admitted", { retryAfter });
    this.#fail(reason, error, undefined, encodeRefuse(code, retryAfter, text));
  }

  #admit(): (Refusal & { readonly reason: RefusalReason }) | undefined {
    this.#denial = this.#config.admit?.();
    return this.#denial;
  }

  #ended(cause: Error | undefined): void {
    const error = new LinkError("ERR_TRUNCATED", "it went away during the handshake", { cause });
    if (this.#state === "silent" && this.#config.isKnown?.() === true) return this.#fail("hung up", error);
    if (this.#state !== "confirm") return this.#fail("no hello", error, "noHello");
    if (this.#isGuess) this.#fail("wrong secret", error, "wrongSecret");
    else this.#fail("hung up", error);
  }

  #late(what: string): void {
    const error = new LinkError("ERR_TIMEOUT", what);
    if (this.#state === "confirm" && this.#isGuess) this.#fail("wrong secret", error, "wrongSecret");
    else this.#fail("deadline", error, "deadline");
  }

  /** What came is not what the protocol says: no answer. */
  #broken(error: LinkError): void {
    if (this.#state !== "confirm") return this.#fail("no hello", error, "noHello");
    if (this.#isGuess) return this.#fail("wrong secret", error, "wrongSecret");
    if (error.received !== undefined) return this.#fail("hung up", error);
    if (error.code !== "ERR_AUTH") return this.#fail("malformed", error, "malformed");
    // A resume key's id is no secret on the wire, its key can't be guessed: no accounting.
    const isTicket = this.#responder.info?.purpose !== 5;
    this.#fail("wrong secret", error, isTicket ? "wrongSecret" : undefined);
  }

  /** After REPLY, whether anything but a right CONFIRM counts as a guess: else the proof in REPLY could be tested offline, uncounted. */
  get #isGuess(): boolean {
    const purpose = this.#responder.info?.purpose;
    return this.#responder.hasReplied && (purpose === 1 || purpose === 2);
  }

  #fail(reason: RefusalReason, error: LinkError, failure?: Failure, send?: Uint8Array): void {
    if (this.#state === "over") return;
    this.#release();
    this.#responder.wipe();
    if (send === undefined) this.#pipe.destroy();
    else {
      this.#pipe.write([send]);
      this.#pipe.close(0);
    }
    this.#settled({ kind: "failed", reason, error, hello: this.#responder.info, failure });
  }

  #release(): void {
    this.#state = "over";
    this.#timer?.cancel();
    this.#pipe.pause();
  }
}
