import type { LinkError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { AuditLog } from "../link/audit.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { Link } from "../link/link.ts";
import { LinkListener } from "../link/listener.ts";
import type { ResumeKeys } from "../node/resume-keys.ts";
import type { Address, PipeListener } from "../pipe/pipe.ts";
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
  /** A user came with a ticket of the Room, or with the key of its session, and proved it. */
  readonly proven: (link: Link, listener: Address | undefined) => void;
}

/** The user's own door: listens for the others, and lets in who holds a ticket, or the key of a session. */
export class Reception {
  readonly tickets: Tickets;
  readonly #options: ReceptionOptions;
  readonly #listener: LinkListener;
  #pipes: Promise<PipeListener> | undefined;
  #closed = false;

  constructor(options: ReceptionOptions) {
    const { environment, log, audit, name, encryption } = options;
    const { clock, engine, random, limits, chance } = environment;
    this.#options = options;
    this.tickets = new Tickets(clock, engine, limits.user.wrongTickets);
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
        else if (ticketId !== undefined && this.tickets.spend(ticketId, "responder"))
          options.proven(link, this.tickets.listenerOf(ticketId, remote.host));
        else link.close(0, "the ticket was used already");
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
    this.tickets.close();
    this.#listener.close();
    // A listener that could not be opened was told to who joined, and leaves nothing to close.
    const pipes = await this.#pipes?.catch(() => undefined);
    await pipes?.close();
  }
}
