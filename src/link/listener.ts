import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { AddressSet } from "./address-set.ts";
import { type Addresses, Admission, type Failure, type Visit } from "./admission.ts";
import { Answering, type AnswerOutcome, type RefusalReason, type RelayAnswer } from "./answering.ts";
import type { LinkContext } from "./dial.ts";
import type { HelloInfo, ResponderConfig } from "./handshake.ts";
import { CODE } from "./handshake-refuse.ts";
import { Responder } from "./handshake-responder.ts";
import type { Link } from "./link.ts";
import { RecordLink } from "./record-link.ts";

export type { RefusalReason, RelayAnswer } from "./answering.ts";

/** A connection that was refused. Holds no secrets. */
export interface RefusedEvent {
  readonly reason: RefusalReason;
  /** The address it came from. */
  readonly host: string;
  readonly port: number;
  /** The name it claimed, when it came that far. Not proven. */
  readonly name: string | undefined;
  readonly error: LinkError;
  /** Seconds for which its source is still refused, counting this; 0 when it is not. */
  readonly refusedForS: number;
}

/** A source whose failures have added up, for the log. */
export interface PenalisedEvent {
  /** The last of them. */
  readonly reason: Failure | "wrongUserPassword";
  readonly host: string;
  readonly port: number;
  /** Seconds for which it is refused from now on. */
  readonly refusedForS: number;
}

export interface LinkListenerConfig extends LinkContext {
  readonly handshake: Omit<ResponderConfig, "admit">;
  /** A new link, proven, with an identity that this side takes. Call `start` on it in this call or soon after. */
  onLink(link: Link): void;
  onRefused?(event: RefusedEvent): void;
  /** A proven peer did not show the identity that it should; its link has ended, and the log was told. */
  onUnidentified?(name: string, error: LinkError): void;
  /** A source is refused from now on that was not before. */
  onPenalised?(event: PenalisedEvent): void;
  /** A proven ticket holder gave a wrong Ta (purposes 3 and 4; PROTOCOL §3.6: three kill the ticket). */
  onWrongTicket?(hello: HelloInfo): void;
  /**
   * What a RELAY frame gets: a REFUSE code, or a function that takes the pipe over, paused, with the bytes that came behind the
   * preface. Absent: this listener splices nothing, and a RELAY frame is garbage.
   */
  readonly relay?: ((relayId: Uint8Array) => RelayAnswer) | undefined;
  /** Never admitted. Read at each connection, so it may be changed at any time. */
  readonly blacklist?: AddressSet | undefined;
  readonly bans?: Addresses | undefined;
  /** Never penalised. */
  readonly allowlist?: AddressSet | undefined;
  /** Numbers in [0, 1) for the early drop. Absent: Math.random. */
  readonly chance?: (() => number) | undefined;
}

type Proven = AnswerOutcome & { kind: "link" };

/** The answering side of any number of pipes, with the limits of PROTOCOL §4. One per program, whatever it listens on. */
export class LinkListener {
  readonly #config: LinkListenerConfig;
  readonly #admission: Admission;
  readonly #answering = new Set<Answering>();
  /** Links that wait for the other side's identity. */
  readonly #unidentified = new Set<RecordLink>();
  #isClosed = false;

  /** @throws TypeError for a name that can't be one. */
  constructor(config: LinkListenerConfig) {
    void new Responder(config.handshake);
    const { clock, limits = DEFAULT_LIMITS, chance = Math.random, blacklist, bans, allowlist, handshake } = config;
    const isPortable = handshake.engine.name === "portable";
    this.#config = config;
    this.#admission = new Admission({ clock, limits, chance, isPortable, blacklist, bans, allowlist });
  }

  /** Takes a pipe that someone opened. Give it to `listenTcp` or a memory network as `accept`. */
  readonly accept = (pipe: Pipe): void => {
    if (this.#isClosed) return pipe.destroy();
    let answering: Answering | undefined;
    const visit = this.#admission.enter(pipe.remote.host, () =>
      answering?.abort("busy", new LinkError("ERR_BUSY", "it made room for another connection")),
    );
    if (visit === undefined) {
      pipe.destroy();
      const error = new LinkError("ERR_BUSY", "too many connections that have not proved themselves");
      return this.#report(pipe, { reason: "busy", error, hello: undefined }, 0);
    }
    let isSettled = false;
    const settled = (outcome: AnswerOutcome): void => {
      isSettled = true;
      if (answering !== undefined) this.#answering.delete(answering);
      this.#settled(pipe, visit, outcome);
    };
    answering = new Answering(
      pipe,
      {
        ...this.#config,
        bar: () => this.#admission.bar(visit),
        isKnown: () => visit.source.links > 0,
        admit: () => this.#admission.admit(visit),
        confirmed: () => this.#admission.confirm(visit),
        userDelayMs: (name) => this.#admission.userDelayMs(visit, name),
        chargeUser: (name) => this.#admission.chargeUser(visit, name),
      },
      settled,
    );
    if (!isSettled) this.#answering.add(answering);
  };

  /** Connections on their way, and links that live. */
  get unproven(): number {
    return this.#admission.unproven;
  }

  get links(): number {
    return this.#admission.links;
  }

  /** Ends every handshake that is on its way and refuses every later pipe. Links already handed out live on. May be called again. */
  close(): void {
    this.#isClosed = true;
    for (const answering of this.#answering)
      answering.abort("closing", new LinkError("ERR_REFUSED", "this side is closing"));
    for (const link of this.#unidentified) link.close(CODE.shuttingDown, "this side is closing");
  }

  #settled(pipe: Pipe, visit: Visit, outcome: AnswerOutcome): void {
    switch (outcome.kind) {
      case "failed": {
        const reason = visit.charged === undefined ? outcome.failure : "wrongUserPassword";
        const wasRefused = this.#admission.refusedForS(visit) > 0;
        this.#admission.leave(visit, outcome.failure);
        const refusedForS = this.#admission.refusedForS(visit);
        this.#report(pipe, outcome, refusedForS);
        if (reason !== undefined && !wasRefused && refusedForS > 0)
          this.#guard(() => this.#config.onPenalised?.({ reason, ...pipe.remote, refusedForS }));
        const { hello } = outcome;
        const isTicket = hello?.purpose === 3 || hello?.purpose === 4;
        if (hello !== undefined && isTicket && outcome.reason === "wrong secret")
          this.#guard(() => this.#config.onWrongTicket?.(hello));
        return;
      }
      case "relay":
        this.#admission.leave(visit);
        if (!this.#guard(() => outcome.take(pipe, outcome.early))) pipe.destroy();
        return;
      case "link":
        return this.#proven(pipe, outcome, visit.sources, this.#admission.prove(visit));
    }
  }

  /** @param sources all that a link keeps of its visit: through the rest of it, the whole handshake would live as long as the link */
  #proven(pipe: Pipe, { established, rest }: Proven, sources: Visit["sources"], isAdmitted: boolean): void {
    const link = new RecordLink(pipe, established, rest, this.#config, () => {
      if (isAdmitted) this.#admission.release({ sources });
    });
    if (isAdmitted) {
      if (link.awaitsIdentity) void this.#identify(link);
      else this.#handOver(link);
      return;
    }
    const error = new LinkError("ERR_BUSY", "too many links");
    link.close(CODE.limit, error.message);
    this.#report(pipe, { reason: "busy", error, hello: undefined }, 0);
  }

  async #identify(link: RecordLink): Promise<void> {
    this.#unidentified.add(link);
    try {
      await link.identified();
    } catch (error) {
      if (error instanceof LinkError && error.code === "ERR_IDENTITY")
        this.#guard(() => this.#config.onUnidentified?.(link.remoteName, error));
      return;
    } finally {
      this.#unidentified.delete(link);
    }
    if (this.#isClosed) link.close(CODE.shuttingDown, "this side is closing");
    else this.#handOver(link);
  }

  #handOver(link: RecordLink): void {
    if (!this.#guard(() => this.#config.onLink(link))) link.destroy();
  }

  #report(
    pipe: Pipe,
    { reason, error, hello }: Pick<AnswerOutcome & { kind: "failed" }, "reason" | "error" | "hello">,
    refusedForS: number,
  ): void {
    const { host, port } = pipe.remote;
    this.#guard(() => this.#config.onRefused?.({ reason, host, port, name: hello?.name, error, refusedForS }));
  }

  /** Runs a function of the owner; what it throws is logged. False when it threw. */
  #guard(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      this.#config.log.error({ err: error }, "an event of a listener threw");
      return false;
    }
  }
}
