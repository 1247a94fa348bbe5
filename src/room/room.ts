import type { Timer } from "../base/clock.ts";
import { type Limits, limitsWith } from "../base/limits.ts";
import { type Logger, loggerOf, quoted } from "../base/log.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { Identity } from "../crypto/identity.ts";
import { passwordSecret } from "../crypto/secret.ts";
import { AddressSet } from "../link/address-set.ts";
import { BARRED } from "../link/admission.ts";
import { aboutLink, AuditLog, type AuditReasons } from "../link/audit.ts";
import {
  DEFAULT_HOST,
  DEFAULT_PASSWORD,
  DEFAULT_PORT,
  isLoopback,
  portOption,
  ROOM_NAME,
  warnOfShortPassword,
} from "../link/defaults.ts";
import { type Environment, environmentWith } from "../link/environment.ts";
import { CODE } from "../link/handshake-refuse.ts";
import type { Link } from "../link/link.ts";
import { LinkListener } from "../link/listener.ts";
import { UserTable } from "../link/user-table.ts";
import type { Bans } from "../schema/ban-types.ts";
import { KeptState } from "../state/kept-state.ts";
import type { PipeListener } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import {
  decodeToRoom,
  type Introduce,
  type Join,
  MEMBERS_PER_MESSAGE,
  TOKEN_BYTES,
  type ToRoom,
} from "../wire/room-messages.ts";
import { Announcements } from "./announcements.ts";
import { RoomMember } from "./member.ts";
import { Reach } from "./reach.ts";
import type { RoomOptions } from "./room-options.ts";
import type { RoomStatus } from "./room-status.ts";

export type { RoomOptions } from "./room-options.ts";
export type { RelayedStatus, RoomMemberStatus, RoomStatus } from "./room-status.ts";

/** What a Room is made of before it listens. */
interface Parts {
  readonly host: string;
  readonly port: number;
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly blacklist: AddressSet;
  readonly kept: KeptState;
  readonly relays: boolean;
}

const MOST_PORT = 65_535;

/** The one small program that introduces everybody. It knows who is here, and reads nothing that users say to each other. */
export class Room implements AsyncDisposable {
  /** The address it listens on, with the port that was taken. */
  readonly host: string;
  readonly port: number;
  /** The addresses that are barred for now, and the way to change them. Kept over restarts with the option `state`. */
  readonly bans: Bans;
  readonly #kept: KeptState;
  readonly #blacklist: AddressSet;
  readonly #environment: Environment;
  readonly #log: Logger;
  readonly #audit: AuditLog;
  readonly #limits: Limits["room"];
  readonly #listener: LinkListener;
  readonly #pipes: PipeListener;
  /** On the second port; undefined: it could not be had. */
  readonly #probes: PipeListener | undefined;
  readonly #relays: boolean;
  readonly #reach: Reach;
  readonly #members = new Map<string, RoomMember>();
  readonly #announcements: Announcements;
  /** Links that are proven but have not joined. */
  readonly #arriving = new Map<Link, Timer>();
  #closed = false;

  /**
   * Opens a Room.
   * @throws TypeError for options that make no sense, among them the default password on an address that others can reach.
   * @throws LinkError ERR_UNREACHABLE when the port is taken.
   * @throws Error that says what to do when the file of the option `state` can't be read or written.
   */
  static async open(options: RoomOptions = {}): Promise<Room> {
    const host = options.host ?? DEFAULT_HOST;
    const port = portOption(options.port, "port", DEFAULT_PORT);
    const nextPort = port === 0 || port === MOST_PORT ? 0 : port + 1;
    // On loopback nobody is behind a router.
    const hasProbePort = options.probePort !== undefined || !isLoopback(host);
    const probePort = hasProbePort ? portOption(options.probePort, "probePort", nextPort) : undefined;
    if (options.password === undefined && !isLoopback(host)) {
      throw new TypeError(
        `a Room on ${host} can be reached by others, so it needs a password of its own: Room.open({ host: "${host}", password: "..." }), or CHATROOM_PASSWORD=... npx chatroom room --host ${host}. ` +
          `The default password "${DEFAULT_PASSWORD}" serves on 127.0.0.1 only.`,
      );
    }
    if (options.password === DEFAULT_PASSWORD && !isLoopback(host)) {
      throw new TypeError(
        `the password "${DEFAULT_PASSWORD}" is known to everybody; a Room on ${host} needs another one`,
      );
    }
    const environment = environmentWith(options.environment, options.limits);
    const log = loggerOf(options.log, "room");
    warnOfShortPassword(log, host, options.password);
    const audit = new AuditLog(log, environment.clock, environment.limits.audit);
    const blacklist = new AddressSet(options.blacklist ?? []);
    const kept = new KeptState({ path: options.state, secret: options.secret, environment, log, audit });
    try {
      await kept.begin();
      const relays = options.relay ?? true;
      return await Room.#open(
        { ...options, probePort },
        { host, port, environment, log, audit, blacklist, kept, relays },
      );
    } catch (error) {
      await kept.close();
      audit.close();
      throw error;
    }
  }

  static async #open(options: RoomOptions, parts: Parts): Promise<Room> {
    const { host, port, environment, log, audit, blacklist, kept } = parts;
    const { engine, random } = environment;
    const secret = passwordSecret(options.password ?? DEFAULT_PASSWORD, 1, engine);
    const users = options.users && new UserTable(options.users, kept.secret, engine, random);
    const own = options.identity === undefined ? undefined : new Identity(options.identity, "identity", engine);
    let room: Room | undefined;
    const listener = new LinkListener({
      clock: environment.clock,
      log,
      audit,
      limits: limitsWith({ link: { bufferedBytes: environment.limits.room.bufferedBytes } }, environment.limits),
      chance: environment.chance,
      blacklist,
      bans: kept.bans,
      identity: { own },
      handshake: {
        engine,
        random,
        name: ROOM_NAME,
        users,
        encryption: options.encryption ?? true,
        suites: engine.suites(),
        serves: (purpose) => purpose === 1,
        secretFor: () => secret,
      },
      onLink: (link) => (room === undefined ? link.destroy() : room.#arrived(link)),
      relay: (pass) => (room === undefined ? { code: CODE.ticket } : room.#reach.passes.connected(pass)),
      onRefused: audit.onRefused,
      onPenalised: audit.onPenalised,
    });
    let pipes: PipeListener;
    try {
      pipes = await environment.listen({ host, port, accept: listener.accept });
    } catch (error) {
      listener.close();
      throw error;
    }
    const probes = await Room.#listenForProbes(parts, options.probePort, listener);
    room = new Room(parts, listener, pipes, probes);
    log.info({ encryption: options.encryption ?? true }, `open on ${showAddress(host, room.port)}`);
    return room;
  }

  static async #listenForProbes(
    { host, environment, log }: Parts,
    port: number | undefined,
    { accept }: LinkListener,
  ): Promise<PipeListener | undefined> {
    if (port === undefined) return undefined;
    try {
      return await environment.listen({ host, port, accept });
    } catch (error) {
      const where = showAddress(host, port);
      log.warn(
        { err: error },
        `no second port at ${where}: whether a hole can be opened between two users is guessed from one port, so more tries fail; name a free one with the option probePort`,
      );
      return undefined;
    }
  }

  private constructor(
    { environment, log, audit, kept, blacklist, relays }: Parts,
    listener: LinkListener,
    pipes: PipeListener,
    probes: PipeListener | undefined,
  ) {
    this.host = pipes.address.host;
    this.port = pipes.address.port;
    this.bans = kept.bans;
    this.#kept = kept;
    this.#blacklist = blacklist;
    this.#environment = environment;
    this.#log = log;
    this.#audit = audit;
    this.#limits = environment.limits.room;
    this.#listener = listener;
    this.#pipes = pipes;
    this.#announcements = new Announcements(environment.clock, this.#members);
    this.#probes = probes;
    this.#relays = relays;
    const isBarred = (address: string): boolean => this.#isBarred(address);
    this.#reach = new Reach({ environment, audit, relays, probePort: probes?.address.port ?? 0, isBarred });
    kept.bans.onBan = () => this.#bar();
  }

  /** The names of the users that are here, sorted. */
  get names(): readonly string[] {
    return [...this.#members.keys()].toSorted();
  }

  /** How this Room stands at the moment. */
  status(): RoomStatus {
    const members = this.names.map((name) => {
      const { kind, link, since, isReachable } = this.#members.get(name) as RoomMember;
      return { name, kind, address: showAddress(link.remote.host, link.remote.port), since, reachable: isReachable };
    });
    const { host, port } = this;
    const probePort = this.#probes?.address.port ?? 0;
    return { host, port, probePort, relays: this.#relays, members, relayed: this.#reach.relayed };
  }

  #isBarred(host: string): boolean {
    return this.#blacklist.has(host) || this.#kept.bans.has(host);
  }

  /** Addresses were banned: whoever is here from there goes. */
  #bar(): void {
    for (const link of this.#arriving.keys()) if (this.#isBarred(link.remote.host)) this.#refuseBanned(link);
    for (const member of this.#members.values()) {
      if (!this.#isBarred(member.link.remote.host)) continue;
      member.link.close(4, BARRED);
      this.#leave(member, "barred");
    }
    this.#reach.bar((host) => this.#isBarred(host));
  }

  /** A link that was on its way in when its address was banned. */
  #refuseBanned(link: Link): void {
    this.#audit.note("refused", "banned", aboutLink(link, !link.isUserProven), BARRED);
    this.#forget(link);
    link.close(4, BARRED);
  }

  #arrived(link: Link): void {
    if (this.#closed) return link.close(13, "the Room is closing");
    if (this.#isBarred(link.remote.host)) return this.#refuseBanned(link);
    if (link.remoteName === ROOM_NAME) {
      const text = `the name "${ROOM_NAME}" is the Room's own`;
      this.#audit.note("refused", "own name", aboutLink(link, true), text);
      return link.close(7, text);
    }
    const { joinMs } = this.#limits;
    const late = `no join within ${joinMs / 1_000} s`;
    const timer = this.#environment.clock.after(joinMs, () => this.#dismiss(link, 11, late, "no join"), {
      hold: false,
    });
    this.#arriving.set(link, timer);
    const first = (payload: Uint8Array, isBoxed: boolean): void => {
      const message = this.#parse(link, payload);
      if (message === undefined) return;
      timer.cancel();
      if (message.type === "join")
        void this.#join(link, message, isBoxed).catch((error: unknown) => this.#failed(link, error));
      else this.#dismiss(link, 12, "the first message must be a join", "unexpected message");
    };
    link.start({
      data: (payload) => first(payload, false),
      sealed: (payload) => first(payload, true),
      drain: () => {},
      closed: () => this.#forget(link),
    });
  }

  /** A link is on its way in no longer. */
  #forget(link: Link): void {
    this.#arriving.get(link)?.cancel();
    this.#arriving.delete(link);
  }

  /** Reads a message; one that makes no sense ends the link. */
  #parse(link: Link, payload: Uint8Array): ToRoom | undefined {
    try {
      return decodeToRoom(payload);
    } catch (error) {
      this.#dismiss(link, 12, error instanceof Error ? error.message : "malformed", "malformed message");
      return undefined;
    }
  }

  /** What this side fails to do for one link costs that link alone. */
  #failed(link: Link, error: unknown): void {
    this.#log.error({ name: link.remoteName, err: error }, "a join could not be handled");
    this.#forget(link);
    link.destroy();
    const member = this.#members.get(link.remoteName);
    if (member?.link === link) this.#leave(member, "lost");
  }

  /** Closes a link that said something wrong, or nothing in time. */
  #dismiss(link: Link, code: number, text: string, reason: AuditReasons["protocol broken"]): void {
    this.#audit.note("protocol broken", reason, aboutLink(link), `${quoted(link.remoteName)} is dismissed: ${text}`);
    this.#forget(link);
    link.close(code, text);
  }

  /** @param isBoxed whether the join came in a box, as it does from users that know of name tokens */
  async #join(link: Link, join: Join, isBoxed: boolean): Promise<void> {
    const holder = this.#members.get(link.remoteName);
    // A second message before the welcome would be lost, so it is refused: an honest user waits.
    link.start({
      data: () => this.#dismiss(link, 12, "wait for the welcome", "unexpected message"),
      sealed: () => this.#dismiss(link, 12, "no box is expected", "unexpected box"),
      drain: () => {},
      closed: () => this.#forget(link),
    });
    if (holder !== undefined && link.isUserProven) {
      // It is the same user, by its password: another program of it, or this one back before its last link is found dead.
      this.#nameTaken(link, "user password");
      this.#leave(holder, "replaced", "joined again");
      holder.link.close(8, `another program joined as "${holder.name}" with its password`);
    } else if (holder !== undefined && isBoxed && this.#isHolder(holder, join.token)) {
      // The program that has the name is back before its last link is found dead.
      this.#nameTaken(link, "name token");
      this.#leave(holder, "replaced", "joined again");
      holder.link.destroy();
    } else if (holder !== undefined) {
      const alive = (await holder.link.ping(this.#limits.holderMs)) !== undefined;
      if (!this.#arriving.has(link)) return;
      const now = this.#members.get(link.remoteName);
      if (now !== undefined && (alive || now !== holder)) {
        this.#nameTaken(link, "in use");
        this.#forget(link);
        return link.close(8, `the name "${link.remoteName}" is in use`);
      }
      if (now !== undefined) {
        this.#nameTaken(link, "silence");
        this.#leave(now, "silent");
      }
      holder.link.destroy();
    }
    this.#forget(link);
    if (this.#closed) return link.close(13, "the Room is closing");
    const token = isBoxed ? this.#environment.random(TOKEN_BYTES) : undefined;
    this.#admit(new RoomMember(link, join, token, new Date(this.#environment.clock.date())));
  }

  #isHolder({ token }: RoomMember, shown: Uint8Array | undefined): boolean {
    return token !== undefined && shown !== undefined && this.#environment.engine.equal(token, shown);
  }

  /** Two programs claim one name. "in use": the newcomer is refused. */
  #nameTaken(newcomer: Link, reason: AuditReasons["name taken"]): void {
    const text = reason === "in use" ? "refused: the name is in use" : `the name changes hands: ${reason}`;
    this.#audit.note("name taken", reason, aboutLink(newcomer, !newcomer.isUserProven), text);
  }

  #admit(member: RoomMember): void {
    const { clock } = this.#environment;
    const { messagesPerSecond, messageBurst } = this.#limits;
    const budget = new TokenBucket(messagesPerSecond, messageBurst, clock.now());
    const others = [...this.#members.values()];
    this.#members.set(member.name, member);
    const take = (payload: Uint8Array, isBoxed: boolean): void => {
      if (!budget.take(clock.now())) {
        this.#dismiss(member.link, 14, "too many messages", "too many messages");
        return this.#leave(member, "protocol");
      }
      const message = this.#parse(member.link, payload);
      if (message === undefined) this.#leave(member, "protocol");
      else this.#said(member, message, isBoxed);
    };
    member.link.start({
      data: (payload) => take(payload, false),
      sealed: (payload) => take(payload, true),
      drain: () => {},
      closed: (error) => this.#leave(member, error === undefined ? "closed" : "lost", error?.message),
    });
    const about = { ...aboutLink(member.link), kind: member.kind };
    this.#audit.note("joined", "new", about, `${quoted(member.name)} joined`);
    if (member.token !== undefined) member.tellSealed({ type: "token", token: member.token });
    member.tell({ type: "welcome", count: others.length, host: member.link.remote.host });
    for (let at = 0; at < others.length; at += MEMBERS_PER_MESSAGE) {
      member.tell({
        type: "here",
        members: others.slice(at, at + MEMBERS_PER_MESSAGE).map(({ name, kind }) => ({ name, kind })),
      });
    }
    this.#announcements.came(member);
    this.#reach.joined(member);
  }

  #said(member: RoomMember, message: ToRoom, isBoxed: boolean): void {
    // A ticket has a secret and comes in a box; nothing else does.
    if (isBoxed !== (message.type === "introduce")) {
      this.#dismiss(
        member.link,
        12,
        `a ${message.type} makes no sense here`,
        isBoxed ? "unexpected box" : "unexpected message",
      );
      return this.#leave(member, "protocol");
    }
    if (message.type === "introduce") return this.#introduce(member, message);
    if (message.type !== "join") return this.#reach.said(member, message);
    this.#dismiss(member.link, 12, "a join makes no sense here", "unexpected message");
    this.#leave(member, "protocol");
  }

  #introduce(member: RoomMember, wish: Introduce): void {
    if (!member.link.writable) return; // who does not read its answers is given no more of them
    const other = this.#members.get(wish.name);
    if (other === undefined) return member.tell({ type: "absent", name: wish.name, why: `no user named ${wish.name}` });
    if (other === member) return;
    this.#announcements.mention(member, other);
    this.#announcements.mention(other, member);
    if (!this.#reach.introductions.introduce(member, other, wish))
      member.tell({ type: "absent", name: wish.name, why: `the Room does not introduce ${wish.name}` });
    wish.secret.fill(0);
  }

  #leave(member: RoomMember, reason: AuditReasons["left"], why?: string): void {
    if (this.#members.get(member.name) !== member) return;
    this.#members.delete(member.name);
    this.#reach.left(member);
    this.#audit.note("left", reason, { ...aboutLink(member.link), why }, `${quoted(member.name)} left`);
    this.#announcements.went(member, reason === "barred");
  }

  /** Says goodbye to everybody and frees the port. Users keep the links they have with each other. May be called again. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#reach.close();
      this.#announcements.close();
      this.#listener.close();
      for (const [link, timer] of this.#arriving) {
        timer.cancel();
        link.close(13, "the Room is closing");
      }
      for (const member of this.#members.values()) member.link.close(13, "the Room is closing");
      this.#arriving.clear();
      this.#members.clear();
      this.#log.info({}, "closed");
    }
    await Promise.all([this.#pipes.close(), this.#probes?.close(), this.#kept.close()]);
    this.#audit.close(); // after the last look at the file, which may tell of bans
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
