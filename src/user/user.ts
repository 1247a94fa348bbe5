import { isBefore } from "../base/bytes.ts";
import { quoted } from "../base/log.ts";
import { LinkError } from "../base/errors.ts";
import { publicText } from "../crypto/identity.ts";
import { passwordSecret } from "../crypto/secret.ts";
import { UserPassword } from "../crypto/user-password.ts";
import { parseAddress } from "../link/address.ts";
import { canonicalSubnet } from "../link/address-set.ts";
import { aboutLink } from "../link/audit.ts";
import { DEFAULT_HOST, DEFAULT_PASSWORD, DEFAULT_PORT, isLoopback, portOption, ROOM_NAME } from "../link/defaults.ts";
import type { Link } from "../link/link.ts";
import { gate } from "../node/gate.ts";
import { pathOf } from "../node/paths.ts";
import type { Arrival } from "../node/peer-table.ts";
import { Participant, type ParticipantContract, untypedContract } from "../node/participant.ts";
import type { Path, UserOptions } from "../schema/peer-types.ts";
import type { UserStatus } from "../schema/status-types.ts";
import { type Boxed, type Join, MAX_ADDRESSES, type NameToken, type ToUser } from "../wire/room-messages.ts";
import { AddressWatch } from "./address-watch.ts";
import { Improver } from "./improver.ts";
import { Introducer } from "./introducer.ts";
import { LinkMaker } from "./link-maker.ts";
import { PathLog } from "./path-log.ts";
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
  readonly #publicHost: string | undefined;
  readonly #improver: Improver;
  readonly #addresses: AddressWatch;
  readonly #pathLog: PathLog;
  /** As it was told in the log last. */
  readonly #paths = new Map<string, Path>();
  #seenAs: string | undefined;
  #port = 0;
  /** Whether the Room could dial this listener; undefined: it has not tried, or is about to. */
  #isReachable: boolean | undefined;

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
    const roster = new Roster(() => this.changes.tell());
    super(name, options, contract, {
      reach: (peer) => this.#introducer.reach(peer),
      notResumed: (peer) => this.#introducer.reach(peer),
      absence: (peer) => this.#absence(peer),
      live: (kind) => roster.live(kind),
      kindOf: (peer) => roster.kindOf(peer),
      closesLinks: (peer) => isBefore(name, peer),
      began: (peer) => this.#introducer.began(peer),
      moved: (peer) => this.#moved(peer),
      linkNeeded: (peer) => this.#introducer.linkNeeded(peer),
      ended: (peer, { cause }) => {
        this.#improver.forget(peer);
        this.#paths.delete(peer);
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
    this.#publicHost = publicHostOption(options.publicHost);
    const { connect = "lazy" } = options;
    if (connect !== "lazy" && connect !== "eager") throw new TypeError('connect must be "lazy" or "eager"');
    const mayTalk = gate(options);
    const roomKey =
      options.room?.identity === undefined ? undefined : publicText(options.room.identity, "room.identity");
    const { environment, log, audit, encryption, identities, table } = this;
    const { engine } = environment;
    this.#roster = roster;
    this.#options = options;
    this.#pathLog = new PathLog(environment.clock);
    const proven = (link: Link, arrival: Arrival): void => {
      if (mayTalk(link.remoteName)) {
        const path = arrival.path ?? pathOf(link);
        // First: what this link's session leads to may be over at once, and is no reason to try the rest.
        this.#introducer.linked(link.remoteName, path);
        table.linkProven(link, { ...arrival, path });
      } else {
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
      called: (pass) => {
        this.#isReachable = true;
        this.#room.send({ type: "called", pass });
      },
      notCalled: () => (this.#isReachable = false),
      proven: (link, listener) => proven(link, { listener, path: listener?.path }),
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
      boxed: (message) => this.#boxed(message, mayTalk),
    });
    this.#introducer = new Introducer({
      environment,
      log,
      name,
      links: new LinkMaker({
        environment,
        log,
        audit,
        name,
        encryption,
        identities,
        tickets: this.#reception.tickets,
        table,
      }),
      tickets: this.#reception.tickets,
      room: this.#room,
      roster,
      table,
      paths: this.#pathLog,
      mayTalk,
      isEager: connect === "eager",
      absence: (peer) => this.#absence(peer),
      proven,
      judged: (peer, verdict) => this.#improver.said(peer, verdict),
    });
    this.#improver = new Improver({ environment, name, table, improve: (peer) => this.#introducer.improve(peer) });
    this.#addresses = new AddressWatch(environment, () => this.#addressesChanged());
  }

  /** The names of the other users that are here, sorted. */
  get names(): readonly string[] {
    return this.#roster.names;
  }

  /** How this user stands with its Room and with the others, as plain data: paths, round trips, and what was tried lately. */
  status(): UserStatus {
    const { table } = this;
    const names = new Set([...this.#roster.names, ...table.sessions]);
    return {
      name: this.name,
      room: {
        address: this.#room.address,
        joined: this.#room.link !== undefined,
        seenAs: this.#seenAs,
        reachable: this.#isReachable,
        rttMs: this.#room.link?.rttMs,
      },
      port: this.#port,
      addresses: this.environment.addresses(),
      peers: [...names].toSorted().map((name) => ({
        name,
        kind: this.#roster.kindOf(name),
        here: this.#roster.has(name),
        path: table.path(name),
        rttMs: table.rttMs(name),
        trouble: table.isLinked(name) ? undefined : this.#introducer.trouble(name),
        attempts: this.#pathLog.of(name),
      })),
    };
  }

  protected async leave(drain: () => Promise<void>): Promise<void> {
    this.#introducer.close();
    this.#improver.close();
    this.#addresses.close();
    await drain();
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
    this.#port = port;
    this.#isReachable = undefined;
    if (!overLoopback) this.#addresses.start();
    return {
      type: "join",
      kind: this.registry.kind,
      port,
      addresses: overLoopback ? [] : this.#ownAddresses(),
      publicHost: this.#publicHost,
      lan: this.#options.lan ?? "auto",
    };
  }

  #heard(message: ToUser): boolean {
    switch (message.type) {
      case "welcome":
        this.#sees(message.host);
        return this.#welcomed(this.#roster.begin(message.count), []);
      case "here":
        return this.#welcomed(
          this.#roster.add(message.members),
          message.members.map((member) => member.name),
        );
      case "gone":
        this.#roster.remove(message.names);
        this.#introducer.gone(message.names);
        if (message.barred === true) for (const peer of message.names) this.#barred(peer);
        return false;
      case "absent":
        this.#introducer.absent(message.name, message.why);
        return false;
      case "candidates":
        this.#introducer.candidates(message);
        return false;
      case "answer":
        this.#introducer.answer(message);
        return false;
      default:
        this.#introducer.said(message);
        return false;
    }
  }

  /** The Room says where it sees this machine. */
  #sees(host: string | undefined): void {
    const publicHost = this.#publicHost;
    if (publicHost !== undefined && host !== undefined && host !== publicHost && host !== this.#seenAs)
      this.log.warn(
        { publicHost, host },
        `publicHost is ${publicHost}, but the Room sees ${host}: nobody is sent there`,
      );
    this.#seenAs = host;
  }

  #boxed(message: Exclude<Boxed, NameToken>, mayTalk: (peer: string) => boolean): void {
    switch (message.type) {
      case "ticket":
        return mayTalk(message.name) ? this.#introducer.ticket(message) : undefined;
      case "introduced":
        return this.#introducer.introduced(message);
      case "probe":
        return this.#introducer.probe(message);
      case "call":
        return this.#reception.expectCall(message.pass);
    }
  }

  #moved(peer: string): void {
    const path = this.table.path(peer);
    this.#improver.moved(peer);
    if (path === undefined) return;
    this.#introducer.linked(peer, path);
    if (this.#paths.get(peer) === path) return;
    this.#paths.set(peer, path);
    this.log.info({ peer, path }, `${this.name} and ${quoted(peer)} talk over ${path}`);
  }

  /** This machine is in another network, or in one more, or one less. */
  #addressesChanged(): void {
    this.#room.send({ type: "moved", addresses: this.#ownAddresses() });
    this.#room.check();
    this.#improver.changed();
  }

  #ownAddresses(): readonly string[] {
    return this.environment.addresses().slice(0, MAX_ADDRESSES);
  }

  /** The Room has barred where that peer is: nothing goes on with it. */
  #barred(peer: string): void {
    this.#introducer.barred(peer);
    this.table.end(peer, "barred by the Room");
  }

  /** Members came: whoever is waited for gets introduced. */
  #welcomed(isComplete: boolean, names: readonly string[]): boolean {
    // After a welcome the connection says that it is open only when this returns, hence a microtask later.
    queueMicrotask(() => {
      for (const name of isComplete ? this.#roster.names : names) this.#introducer.here(name);
      if (isComplete) this.#improver.changed();
    });
    return isComplete;
  }
}

/** In the one notation, as the Room writes it. @throws TypeError for what is no address. */
function publicHostOption(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  if (parseAddress(host) === undefined)
    throw new TypeError(`publicHost must be an IP address, as the Room sees it, not ${JSON.stringify(host)}`);
  return canonicalSubnet(host);
}
