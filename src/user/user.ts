import { networkInterfaces } from "node:os";
import { isBefore } from "../base/bytes.ts";
import { type Logger, loggerOf } from "../base/log.ts";
import { type Handler, Registry } from "../call/registry.ts";
import { passwordSecret } from "../crypto/secret.ts";
import { DEFAULT_HOST, DEFAULT_PASSWORD, DEFAULT_PORT, isLoopback, portOption, ROOM_NAME } from "../link/defaults.ts";
import { environmentWith } from "../link/environment.ts";
import type { Link } from "../link/link.ts";
import { problemOfName } from "../link/names.ts";
import { type CloseOptions, PeerTable } from "../node/peer-table.ts";
import type { KindMethods } from "../peer/calls.ts";
import type { Directory } from "../peer/directory.ts";
import { Peers } from "../peer/peers.ts";
import type { Address } from "../pipe/pipe.ts";
import type { Path, UntypedPeer, UserOptions } from "../schema/peer-types.ts";
import type { Join, ToUser } from "../wire/room-messages.ts";
import { Introducer } from "./introducer.ts";
import { Reception } from "./reception.ts";
import { RoomConnection } from "./room-connection.ts";
import { Roster } from "./roster.ts";

/** What generated code adds: the handlers of a kind, and the kinds of the network. */
export interface UserContract {
  readonly registry: Registry;
  readonly kinds: readonly KindMethods[];
}

/** A program that joined a Room. */
export class User implements AsyncDisposable {
  readonly name: string;
  /** The others, typed, where the user was joined through generated code. */
  readonly peers: object;
  readonly #log: Logger;
  readonly #registry: Registry;
  readonly #roster = new Roster();
  readonly #table: PeerTable;
  readonly #peers: Peers;
  readonly #room: RoomConnection;
  readonly #introducer: Introducer;
  readonly #reception: Reception;
  readonly #options: UserOptions;
  #closing: Promise<void> | undefined;

  /**
   * Joins a Room under a name. Without a Room at that address it keeps trying; a refusal (password, name, encryption) is final.
   * @throws TypeError for options that make no sense.
   * @throws LinkError when joining failed for good, with `reconnect: false` at the first failure; the signal's reason when it fired.
   */
  static async join(name: string, options: UserOptions = {}, contract?: UserContract): Promise<User> {
    const user = new User(name, options, contract ?? { registry: new Registry(undefined), kinds: [] });
    try {
      await user.#room.open(options.signal);
    } catch (error) {
      await user.close();
      throw error;
    }
    return user;
  }

  private constructor(name: string, options: UserOptions, contract: UserContract) {
    const problem = typeof name === "string" ? problemOfName(name) : "a name must be a text";
    if (problem !== undefined) throw new TypeError(`the name ${JSON.stringify(name)} can't be used: ${problem}`);
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
    for (const list of ["allow", "deny"] as const) {
      if (options[list] !== undefined && !Array.isArray(options[list]))
        throw new TypeError(`${list} must be a list of user names`);
    }
    const environment = environmentWith(options.environment);
    const { engine } = environment;
    const encryption = options.encryption ?? true;
    const log = loggerOf(options.log, name);
    this.name = name;
    this.#log = log;
    this.#options = options;
    this.#registry = contract.registry;
    const directory: Directory = {
      clock: environment.clock,
      log,
      conversation: (peer) => this.#conversation(peer),
      path: (peer) => this.#path(peer),
      kindOf: (peer) => this.#roster.kindOf(peer),
      live: (kind) => this.#roster.live(kind),
      closing: () => this.#table.closing,
      onChange: (run) => this.#roster.onChange(run),
    };
    this.#peers = new Peers(directory, contract.kinds);
    this.peers = this.#peers.peers();
    this.#table = new PeerTable({
      environment,
      log,
      encryption,
      registry: contract.registry,
      views: this.#peers,
      reach: (peer) => this.#introducer.reach(peer),
      absence: (peer) => this.#absence(peer),
      changed: (peer, isOpen) => {
        if (isOpen) this.#introducer.proven(peer);
        log.info(
          isOpen ? { path: "lan" } : {},
          isOpen ? `${name} and ${peer} are connected` : `${name} and ${peer} are no longer connected`,
        );
      },
      closesLinks: (peer) => isBefore(name, peer),
    });
    const mayTalk = (peer: string): boolean =>
      options.deny?.includes(peer) !== true && options.allow?.includes(peer) !== false;
    const proven = (link: Link, listener: Address | undefined): void => {
      if (mayTalk(link.remoteName)) this.#table.linkProven(link, { listener });
      else link.close(4, `${name} does not talk to ${link.remoteName}`);
    };
    this.#reception = new Reception({
      environment,
      log,
      name,
      encryption,
      port: listenPort,
      endFor: (peer) => this.#table.endFor(peer),
      keys: this.#table.keys,
      proven,
    });
    this.#room = new RoomConnection({
      environment,
      log,
      name,
      host,
      port,
      secret: passwordSecret(options.room?.password ?? DEFAULT_PASSWORD, 1, engine),
      encryption,
      reconnect: options.reconnect ?? true,
      join: (link) => this.#joinWith(link),
      message: (message) => this.#heard(message),
      ticket: (ticket) => (mayTalk(ticket.name) ? this.#introducer.ticket(ticket) : undefined),
    });
    this.#introducer = new Introducer({
      environment,
      log,
      name,
      encryption,
      tickets: this.#reception.tickets,
      room: this.#room,
      roster: this.#roster,
      isLinked: (peer) => this.#table.isLinked(peer),
      isWanted: (peer) => this.#table.isWanted(peer),
      needsLink: (peer) => this.#table.needsLink(peer),
      resume: (peer, address, signal) => this.#table.resume(peer, address, signal),
      mayTalk,
      absence: (peer) => this.#absence(peer),
      endFor: (peer) => this.#table.endFor(peer),
      proven,
    });
  }

  /** The names of the other users that are here, sorted. */
  get names(): readonly string[] {
    return this.#roster.names;
  }

  /** Another user by name, called without types. It need not be here yet. */
  peer(name: string): UntypedPeer {
    const problem = typeof name === "string" ? problemOfName(name) : "a name must be a text";
    if (problem !== undefined) throw new TypeError(`peer: the name ${JSON.stringify(name)} can't be used: ${problem}`);
    if (name === this.name) throw new TypeError(`peer: "${name}" is this user itself`);
    return this.#peers.untyped(name);
  }

  /**
   * Answers calls of that name from everybody: `user.handle("test", (data, call) => ...)`. A second handler of a name replaces the first.
   * @throws TypeError for a name that is not 1 to 64 characters, or a handler that is no function.
   */
  handle(name: string, handler: Handler): void {
    this.#registry.handle({ name, word: "any", handler });
  }

  /** Every free message that arrives, whoever sent it. One queue: each message goes to one reader. Ends when the user is closed. */
  messages(): AsyncIterable<{ readonly from: string; readonly data: unknown }> {
    return this.#table.messages;
  }

  /**
   * Leaves: new calls are refused, handlers that run get a grace time, their answers are delivered, then everything is freed. May be
   * called again; the first call's options count.
   */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.#close(options?.graceMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number | undefined): Promise<void> {
    this.#introducer.close();
    const drained = this.#table.close(`${this.name} is closing`, graceMs);
    this.#roster.tell();
    await drained;
    this.#room.close();
    await this.#reception.close();
    this.#log.info({}, `${this.name} left`);
  }

  #conversation(peer: string): ReturnType<PeerTable["conversation"]> {
    if (peer === this.name) throw new TypeError(`"${peer}" is this user itself; it can't call itself`);
    return this.#table.conversation(peer);
  }

  #path(peer: string): Path | undefined {
    return this.#table.isLinked(peer) ? "lan" : undefined;
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
      kind: this.#registry.kind,
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
        this.#roster.remove(message.name);
        return false;
      default:
        this.#introducer.absent(message.name, message.why);
        return false;
    }
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
