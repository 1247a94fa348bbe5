import type { Environment } from "../../src/link/environment.ts";
import { dialLink } from "../../src/link/dial.ts";
import type { Link } from "../../src/link/link.ts";
import { loggerOf } from "../../src/base/log.ts";
import type { Secret } from "../../src/crypto/secret.ts";
import { decodeTicket, decodeToUser, encodeToRoom } from "../../src/wire/room-messages.ts";

const log = loggerOf("silent", "raw member");

/** How long an introduction may take. */
const TICKET_MS = 10_000;

/** A member as the Room sees it: a link that joined. It keeps no list of the others, so that thousands fit a process. */
export class RawMember {
  readonly name: string;
  readonly link: Link;
  /** Members that it was told of, and how often it was told something. */
  told = { here: 0, gone: 0, messages: 0 };
  readonly #introduced = new Map<string, (() => void)[]>();
  #closed: (() => void) | undefined;

  private constructor(name: string, link: Link) {
    this.name = name;
    this.link = link;
  }

  /** Joins; resolves with the welcome. Fails as a user's single try would. */
  static async join(environment: Environment, port: number, name: string, secret: Secret): Promise<RawMember> {
    const { clock, engine, random, limits } = environment;
    const pipe = await environment.dial({ host: "127.0.0.1", port });
    const suites = engine.suites();
    const handshake = { engine, random, purpose: 1 as const, name, peerName: "", encryption: true, secret, suites };
    const member = new RawMember(name, await dialLink(pipe, { clock, log, limits, handshake }));
    await member.#join();
    return member;
  }

  #join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.link.start({
        data: (payload) => {
          const message = decodeToUser(payload);
          this.told.messages++;
          if (message.type === "welcome") resolve();
          if (message.type === "here") this.told.here += message.members.length;
          if (message.type === "gone") this.told.gone += message.names.length;
        },
        sealed: (payload) => {
          const { name, first, ticketId } = decodeTicket(payload);
          if (!first) this.link.send([encodeToRoom({ type: "ready", ticketId })]);
          for (const done of this.#introduced.get(name)?.splice(0) ?? []) done();
        },
        drain: () => {},
        closed: (error) => {
          reject(error ?? new Error("closed"));
          this.#closed?.();
        },
      });
      const join = { kind: undefined, port: 40_000, addresses: [], publicHost: undefined, lan: "auto" };
      this.link.send([encodeToRoom({ type: "join", ...join })]);
    });
  }

  /** Asks for an introduction and waits for its own ticket: what the Room does for a first call. */
  introduce(peer: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.name} got no ticket for ${peer}`)), TICKET_MS);
      const waiting = this.#introduced.get(peer) ?? [];
      waiting.push(() => {
        clearTimeout(late);
        resolve();
      });
      this.#introduced.set(peer, waiting);
      this.link.send([encodeToRoom({ type: "introduce", name: peer })]);
    });
  }

  get isOpen(): boolean {
    return this.link.isOpen;
  }

  whenClosed(run: () => void): void {
    if (this.link.isOpen) this.#closed = run;
    else run();
  }

  close(): void {
    this.link.close(0, "");
  }
}
