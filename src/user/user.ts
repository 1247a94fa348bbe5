import { networkInterfaces } from "node:os";
import { isBefore } from "../base/bytes.ts";
import { quoted } from "../base/log.ts";
import { LinkError } from "../base/errors.ts";
import { publicText } from "../crypto/identity.ts";
import { passwordSecret } from "../crypto/secret.ts";
import { UserPassword } from "../crypto/user-password.ts";
import { aboutLink } from "../link/audit.ts";
import { DEFAULT_HOST, DEFAULT_PASSWORD, DEFAULT_PORT, isLoopback, portOption, ROOM_NAME } from "../link/defaults.ts";
import type { Link } from "../link/link.ts";
import { gate } from "../node/gate.ts";
import { Participant, type ParticipantContract, untypedContract } from "../node/participant.ts";
import type { Address } from "../pipe/pipe.ts";
import type { UserOptions } from "../schema/peer-types.ts";
import type { Join, ToUser } from "../wire/room-messages.ts";
import { Introducer } from "./introducer.ts";
import { Reception } from "./reception.ts";
import { RoomConnection } from "./room-connection.ts";
import { Roster } from "./roster.ts";

/** A program that joined a Room. */
export class User extends Participant {
  readonly #roster: Roster;
  readonly #room: RoomConnection;
  readonly #introducer: Introducer;
  readonly #reception: Reception;
  readonly #options: UserOptions;

  /**
   * Joins a Room under a name. Without a Room at that address it keeps trying; a refusal (password, name, encryption) is final.
   * @throws TypeError for options that make no sense.
   * @throws LinkError when joining failed for good, with `reconnect: false` at the first failure; the signal's reason when it fired.
   */
  static async join(name: string, options: UserOptions = {}, contract?: ParticipantContract): Promise<User> {
    const user = new User(name, options, contract ?? untypedContract());
    try {
      await user.#room.open(options.signal);
    } catch (error) {
      await user.close();
      throw error;
    }
    return user;
  }

  private constructor(name: string, options: UserOptions, contract: ParticipantContract) {
    const roster = new Roster();
    super(name, options, contract, {
      reach: (peer) => this.#introducer.reach(peer),
      notResumed: (peer) => this.#introducer.reach(peer),
      absence: (peer) => this.#absence(peer),
      live: (kind) => roster.live(kind),
      kindOf: (peer) => roster.kindOf(peer),
      onChange: (run) => roster.onChange(run),
      closesLinks: (peer) => isBefore(name, peer),
      began: (peer) => this.#introducer.began(peer),
      ended: (peer, { cause }) => {
        if (cause instanceof LinkError && cause.code === "ERR_IDENTITY") this.#introducer.refused(peer, cause.message);
      },
    });
    if (name === ROOM_NAME) throw new TypeError(`the name "${ROOM_NAME}" is the Room's own: choose another one`);
    const host = options.room?.host ?? DEFAULT_HOST;
    const port = portOption(options.room?.port, "room.port", DEFAULT_PORT);
    if (options.room?.password === undefined && !isLoopback(host)) {
      throw new TypeError(
        `room.password is needed for a Room on ${host}: the default password "${DEFAULT_PASSWORD}" serves on 127.0.0.1 only`,
      );
    }
    const listenPort = portOption(options.listenPort, "listenPort", 0);
    if (listenPort > 0 && listenPort < 1_024) {
      throw new TypeError(
        `listenPort must be 0 or above 1023, not ${listenPort}: others never dial a lower port because a Room said so`,
      );
    }
    const mayTalk = gate(options);
    const roomKey =
      options.room?.identity === undefined ? undefined : publicText(options.room.identity, "room.identity");
    const { environment, log, audit, encryption, identities, table } = this;
    const { engine } = environment;
    this.#roster = roster;
    this.#options = options;
    const proven = (link: Link, listener: Address | undefined): void => {
      if (mayTalk(link.remoteName)) table.linkProven(link, { listener });
      else {
        const text = `${name} does not talk to ${quoted(link.remoteName)}`;
        audit.note("refused", "not allowed", aboutLink(link), text);
        link.close(4, text);
      }
    };
    const endFor = (peer: string): Uint8Array => table.endFor(peer);
    this.#reception = new Reception({
      environment,
      log,
      audit,
      name,
      encryption,
      identities,
      unidentified: (peer, error) => this.#introducer.refused(peer, error.message),
      port: listenPort,
      endFor,
      keys: table.keys,
      proven,
    });
    this.#room = new RoomConnection({
      environment,
      log,
      audit,
      name,
      host,
      port,
      secret: passwordSecret(options.room?.password ?? DEFAULT_PASSWORD, 1, engine),
      user: options.password === undefined ? undefined : new UserPassword(options.password, engine),
      encryption,
      identity: roomKey === undefined ? undefined : { judgeOf: () => roomKey },
      reconnect: options.reconnect ?? true,
      join: (link) => this.#joinWith(link),
      message: (message) => this.#heard(message),
      ticket: (ticket) => (mayTalk(ticket.name) ? this.#introducer.ticket(ticket) : undefined),
    });
    this.#introducer = new Introducer({
      environment,
      log,
      audit,
      name,
      encryption,
      identities,
      tickets: this.#reception.tickets,
      room: this.#room,
      roster,
      table,
      mayTalk,
      absence: (peer) => this.#absence(peer),
      proven,
    });
  }

  /** The names of the other users that are here, sorted. */
  get names(): readonly string[] {
    return this.#roster.names;
  }

  protected async leave(drain: () => Promise<void>): Promise<void> {
    this.#introducer.close();
    const drained = drain();
    this.#roster.tell();
    await drained;
    this.#room.close();
    await this.#reception.close();
    this.audit.close();
    this.log.info({}, `${this.name} left`);
  }

  #absence(peer: string): string {
    const { address, link } = this.#room;
    if (link === undefined && !this.#roster.has(peer))
      return `the Room at ${address} is not reachable, so nobody can say where ${peer} is`;
    if (this.#roster.has(peer))
      return this.#introducer.trouble(peer) ?? `${peer} is here but could not be connected yet`;
    const { names } = this.#roster;
    if (names.length === 0) return `no user named ${peer}; nobody else is here`;
    return `no user named ${peer}; live: ${names.slice(0, 10).join(", ")}${names.length > 10 ? ` and ${names.length - 10} more` : ""}`;
  }

  async #joinWith(link: Link): Promise<Join> {
    const overLoopback = isLoopback(link.remote.host);
    this.#introducer.overLoopback = overLoopback;
    const port = await this.#reception.open(overLoopback ? link.local.host : "::");
    return {
      type: "join",
      kind: this.registry.kind,
      port,
      addresses: overLoopback ? [] : localAddresses(),
      publicHost: this.#options.publicHost,
      lan: this.#options.lan ?? "auto",
    };
  }

  #heard(message: ToUser): boolean {
    switch (message.type) {
      case "welcome":
        return this.#welcomed(this.#roster.begin(message.count));
      case "here":
        return this.#welcomed(
          this.#roster.add(message.members),
          message.members.map((member) => member.name),
        );
      case "gone":
        this.#roster.remove(message.names);
        if (message.barred === true) for (const peer of message.names) this.#barred(peer);
        return false;
      default:
        this.#introducer.absent(message.name, message.why);
        return false;
    }
  }

  /** The Room has barred where that peer is: nothing goes on with it. */
  #barred(peer: string): void {
    this.#introducer.barred(peer);
    this.table.end(peer, "barred by the Room");
  }

  /** Members came: whoever is waited for gets introduced. */
  #welcomed(isComplete: boolean, names: readonly string[] = this.#roster.names): boolean {
    // After a welcome the connection says that it is open only when this returns, hence a microtask later.
    queueMicrotask(() => {
      for (const name of isComplete ? this.#roster.names : names) this.#introducer.here(name);
    });
    return isComplete;
  }
}

/** This machine's own addresses, without loopback and link-local ones; IPv4 first. */
function localAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .toSorted((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address)
    .slice(0, 8);
}
