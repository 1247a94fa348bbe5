import { hex } from "../../src/base/bytes.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { Environment } from "../../src/link/environment.ts";
import { dialLink } from "../../src/link/dial.ts";
import type { Link } from "../../src/link/link.ts";
import { loggerOf } from "../../src/base/log.ts";
import type { Secret } from "../../src/crypto/secret.ts";
import { decodeBoxed, decodeToUser, encodeToRoom } from "../../src/wire/room-messages.ts";

const log = loggerOf("silent", "raw member");

/** How long an introduction may take. */
const ANSWER_MS = 10_000;

/** As long as ours are; nobody looks into them here. */
const HELLO = new Uint8Array(120).fill(1);
const ANSWER = new Uint8Array(110).fill(2);

/** A member as the Room sees it: a link that joined. It keeps no list of the others, so that thousands fit a process. */
export class RawMember {
  readonly name: string;
  readonly link: Link;
  /** Members that it was told of, and how often it was told something. */
  told = { here: 0, gone: 0, messages: 0 };
  /** What waits for answers, by ticket id. */
  readonly #answered = new Map<string, () => void>();
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
          if (message.type === "answer") this.#answered.get(hex(message.ticketId))?.();
        },
        sealed: (payload) => {
          const box = decodeBoxed(payload);
          if (box.type === "ticket" && box.hello !== undefined)
            this.link.send([encodeToRoom({ type: "answer", ticketId: box.ticketId, frame: ANSWER })]);
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

  /** Asks for an introduction and waits for the answer to its HELLO: what the Room does for a first call, but for what it splices. */
  introduce(peer: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const ticketId = systemRandom(16);
      const key = hex(ticketId);
      const late = setTimeout(() => {
        this.#answered.delete(key);
        reject(new Error(`${this.name} got no answer of ${peer}`));
      }, ANSWER_MS);
      this.#answered.set(key, () => {
        clearTimeout(late);
        this.#answered.delete(key);
        resolve();
      });
      const wish = { type: "introduce", name: peer, ticketId, secret: systemRandom(32), hello: HELLO } as const;
      this.link.sendSealed(encodeToRoom(wish));
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
