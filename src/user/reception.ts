import { hex } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { LinkError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { AuditLog } from "../link/audit.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { Link } from "../link/link.ts";
import { CODE } from "../link/handshake-refuse.ts";
import { LinkListener, type LinkListenerConfig } from "../link/listener.ts";
import type { Listener } from "../node/peer-entries.ts";
import type { ResumeKeys } from "../node/resume-keys.ts";
import type { PipeListener } from "../pipe/pipe.ts";
import { Tickets } from "./tickets.ts";

export interface ReceptionOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly name: string;
  readonly encryption: boolean;
  readonly identities: IdentityRules;
  /** A user came that did not show the identity that it should. */
  readonly unidentified: (peer: string, error: LinkError) => void;
  /** 0: any free one. */
  readonly port: number;
  readonly endFor: (peer: string) => Uint8Array;
  /** The keys of this user's sessions. */
  readonly keys: ResumeKeys;
  /** The Room has dialled this listener, and shown the pass that was expected. */
  readonly called: (pass: Uint8Array) => void;
  /** It has not, for so long that it can't any more. */
  readonly notCalled: () => void;
  /** A user came with a ticket of the Room, or with the key of its session, and proved it. */
  readonly proven: (link: Link, listener: Listener | undefined) => void;
}

/** From the announcement of the Room's dial to the pass; so long is waited in any case. */
const CALL_MS = 10_000;

/** The user's own door: listens for the others, and lets in who holds a ticket, or the key of a session. */
export class Reception {
  readonly tickets: Tickets;
  readonly #options: ReceptionOptions;
  /** The pass that the Room will show when it dials this listener. */
  #call: { readonly hex: string; readonly timers: readonly Timer[] } | undefined;
  readonly #listener: LinkListener;
  #pipes: Promise<PipeListener> | undefined;
  #closed = false;

  constructor(options: ReceptionOptions) {
    const { environment, log, audit, name, encryption } = options;
    const { clock, engine, random, limits, chance } = environment;
    this.#options = options;
    this.tickets = new Tickets(clock, engine, limits.user.wrongTickets);
    const relay = (): LinkListenerConfig["relay"] => {
      const expected = this.#call;
      if (expected === undefined) return undefined;
      return (pass) =>
        hex(pass) === expected.hex
          ? (pipe) => {
              pipe.close(0);
              this.#expectNoCall();
              options.called(pass);
            }
          : { code: CODE.ticket };
    };
    this.#listener = new LinkListener({
      clock,
      log,
      audit,
      limits,
      chance,
      identity: options.identities,
      handshake: {
        engine,
        random,
        name,
        encryption,
        suites: engine.suites(),
        serves: (purpose) => purpose === 3 || purpose === 5,
        secretFor: (hello) => (hello.purpose === 5 ? options.keys.forHello(hello) : this.tickets.forHello(hello, name)),
        end: (hello) => options.endFor(hello.name),
      },
      onLink: (link) => {
        const { purpose, ticketId, remote } = link;
        if (purpose === 5) options.proven(link, undefined);
        else if (ticketId !== undefined && this.tickets.spend(ticketId, "responder", 3))
          options.proven(link, this.tickets.listenerOf(ticketId, remote.host));
        else link.close(0, "the ticket was used already");
      },
      // Read for each connection: while no call is expected, a RELAY frame is garbage here.
      get relay() {
        return relay();
      },
      onUnidentified: options.unidentified,
      onWrongTicket: (hello) => this.tickets.wrong(hello.ticketId),
      onRefused: audit.onRefused,
      onPenalised: audit.onPenalised,
    });
  }

  /** Starts listening, once, and gives the port. `host` "::" is every address of this machine, IPv4 too. */
  async open(host: string): Promise<number> {
    this.#pipes ??= this.#listen(host);
    try {
      return (await this.#pipes).address.port;
    } catch (error) {
      this.#pipes = undefined;
      throw error;
    }
  }

  /** The Room will dial this listener, to learn whether it can. */
  expectCall(pass: Uint8Array): void {
    this.#expectNoCall();
    if (this.#closed) return;
    const { environment, notCalled } = this.#options;
    const { clock, limits } = environment;
    // The Room's dial has that time to connect, and as much to show the pass.
    const late = clock.after(2 * limits.room.dialBackMs, notCalled, { hold: false });
    const over = clock.after(CALL_MS, () => this.#expectNoCall(), { hold: false });
    this.#call = { hex: hex(pass), timers: [late, over] };
  }

  #expectNoCall(): void {
    for (const timer of this.#call?.timers ?? []) timer.cancel();
    this.#call = undefined;
  }

  async #listen(host: string): Promise<PipeListener> {
    const { environment, port } = this.#options;
    const { accept } = this.#listener;
    try {
      return await environment.listen({ host, port, accept });
    } catch (error) {
      if (host !== "::") throw error;
      return await environment.listen({ host: "0.0.0.0", port, accept }); // a machine without IPv6
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#expectNoCall();
    this.tickets.close();
    this.#listener.close();
    // A listener that could not be opened was told to who joined, and leaves nothing to close.
    const pipes = await this.#pipes?.catch(() => undefined);
    await pipes?.close();
  }
}
