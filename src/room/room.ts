import { limitsWith } from "../base/limits.ts";
import { type Logger, loggerOf } from "../base/log.ts";
import { Identity } from "../crypto/identity.ts";
import { passwordSecret } from "../crypto/secret.ts";
import { AddressSet } from "../link/address-set.ts";
import { AuditLog } from "../link/audit.ts";
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
import { LinkListener } from "../link/listener.ts";
import { UserTable } from "../link/user-table.ts";
import type { Bans } from "../schema/ban-types.ts";
import { KeptState } from "../state/kept-state.ts";
import type { PipeListener } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import { Members } from "./members.ts";
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
  readonly #log: Logger;
  readonly #audit: AuditLog;
  readonly #listener: LinkListener;
  readonly #pipes: PipeListener;
  /** On the second port; undefined: it could not be had. */
  readonly #probes: PipeListener | undefined;
  readonly #relays: boolean;
  readonly #reach: Reach;
  readonly #members: Members;
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
    const users = options.users === undefined ? undefined : new UserTable(options.users, kept.secret, engine, random);
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
      onLink: (link) => (room === undefined ? link.destroy() : room.#members.arrived(link)),
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
    this.#log = log;
    this.#audit = audit;
    this.#listener = listener;
    this.#pipes = pipes;
    this.#probes = probes;
    this.#relays = relays;
    const isBarred = (address: string): boolean => blacklist.has(address) || kept.bans.has(address);
    const reach = new Reach({ environment, audit, relays, probePort: probes?.address.port ?? 0, isBarred });
    this.#reach = reach;
    this.#members = new Members({ environment, log, audit, reach, isBarred });
    kept.bans.onBan = () => {
      this.#members.bar();
      reach.bar(isBarred);
    };
  }

  /** The names of the users that are here, sorted. */
  get names(): readonly string[] {
    return this.#members.all.map(({ name }) => name);
  }

  /** How this Room stands at the moment. */
  status(): RoomStatus {
    const members = this.#members.all.map(({ name, kind, link, since, isReachable }) => {
      return { name, kind, address: showAddress(link.remote.host, link.remote.port), since, reachable: isReachable };
    });
    const { host, port } = this;
    const probePort = this.#probes?.address.port ?? 0;
    return { host, port, probePort, relays: this.#relays, members, relayed: this.#reach.relayed };
  }

  /** Says goodbye to everybody and frees the port. Users keep the links they have with each other. May be called again. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#reach.close();
      this.#listener.close();
      this.#members.close();
      this.#log.info({}, "closed");
    }
    await Promise.all([this.#pipes.close(), this.#probes?.close(), this.#kept.close()]);
    this.#audit.close(); // after the last look at the file, which may tell of bans
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
