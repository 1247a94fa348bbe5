import type { Logger } from "../base/log.ts";
import { answerLink } from "../link/answer.ts";
import type { AuditLog } from "../link/audit.ts";
import { dialLink } from "../link/dial.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { Link } from "../link/link.ts";
import type { PeerTable } from "../node/peer-table.ts";
import type { ResumeKey } from "../node/resume-keys.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { Tickets } from "./tickets.ts";

export interface LinkMakerOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly name: string;
  readonly encryption: boolean;
  readonly identities: IdentityRules;
  readonly tickets: Tickets;
  readonly table: PeerTable;
}

/** The other end of a pipe, and what an introduction gave to prove it with. */
export interface Claim {
  readonly peer: string;
  readonly ticketId: Uint8Array;
  /** Of a handshake by that ticket: 3 directly, 4 through the Room. */
  readonly purpose: 3 | 4;
}

/** What a dial proves itself with. */
export interface DialClaim extends Claim {
  /** Of the session that the link is to join (purpose 5). Absent: the ticket. */
  readonly key?: ResumeKey | undefined;
}

const NONE: ReadonlySet<ResumeKey> = new Set();

/** Makes pipes to other users links: both ends prove themselves by the key of their session (purpose 5), or by the ticket of an introduction. */
export class LinkMaker {
  readonly #options: LinkMakerOptions;

  constructor(options: LinkMakerOptions) {
    this.#options = options;
  }

  /** Whether what is there with the peer can be joined by a key of it alone: a ticket begins sessions, and joins the one that it began. */
  needsKey({ peer, ticketId, purpose }: Claim): boolean {
    const { table, tickets } = this.#options;
    return table.isOpen(peer) && !(table.isMadeBy(peer, ticketId) && tickets.isGood(ticketId, purpose));
  }

  /** The key to dial with: the first one that the peer has not refused. Undefined: none, and the ticket is left. */
  keyFor(claim: Claim, refused: ReadonlySet<ResumeKey> = NONE): ResumeKey | undefined {
    if (!this.needsKey(claim)) return undefined;
    return this.#options.table.keys.of(claim.peer).find((key) => !refused.has(key));
  }

  /** As the initiator; HELLO is sent in this call. Undefined: the ticket was used meanwhile, and the pipe is gone. Throws as `dialLink`. */
  async dial(pipe: Pipe, { peer, ticketId, purpose, key }: DialClaim, signal: AbortSignal): Promise<Link | undefined> {
    const { environment, log, audit, name, encryption, identities, tickets, table } = this.#options;
    const { clock, engine, random, limits } = environment;
    const secret = key?.secret() ?? tickets.forDial(ticketId, purpose);
    if (secret === undefined) {
      pipe.destroy();
      return undefined;
    }
    const link = await dialLink(pipe, {
      clock,
      log,
      audit,
      limits,
      signal,
      identity: identities,
      handshake: {
        engine,
        random,
        purpose: key === undefined ? purpose : 5,
        name,
        peerName: peer,
        encryption,
        secret,
        ticketId: key?.ticketId ?? ticketId,
        end: table.endFor(peer),
        suites: engine.suites(),
      },
    });
    return key === undefined ? this.#spend(link, ticketId, purpose) : link;
  }

  /** As the responder. Otherwise as `dial`. */
  async answer(pipe: Pipe, { peer, ticketId, purpose }: Claim, signal: AbortSignal): Promise<Link | undefined> {
    const { environment, log, audit, name, encryption, identities, tickets, table } = this.#options;
    const { clock, engine, random, limits } = environment;
    const link = await answerLink(pipe, {
      clock,
      log,
      audit,
      limits,
      signal,
      identity: identities,
      handshake: {
        engine,
        random,
        name,
        encryption,
        suites: engine.suites(),
        serves: (number) => number === purpose || number === 5,
        secretFor: (hello) => {
          if (hello.name !== peer) return undefined;
          return hello.purpose === 5 ? table.keys.forHello(hello) : tickets.forHello(hello, name);
        },
        end: (hello) => table.endFor(hello.name),
      },
    });
    return link.purpose === 5 ? link : this.#spend(link, ticketId, purpose);
  }

  #spend(link: Link, ticketId: Uint8Array, purpose: 3 | 4): Link | undefined {
    if (this.#options.tickets.spend(ticketId, link.role, purpose)) return link;
    link.close(0, "another path was faster");
    return undefined;
  }
}
