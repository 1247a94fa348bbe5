import { quoted } from "../base/log.ts";
import { passwordSecret, type Secret } from "../crypto/secret.ts";
import { AddressSet } from "../link/address-set.ts";
import { BARRED } from "../link/admission.ts";
import { aboutLink, type AuditReasons } from "../link/audit.ts";
import { DEFAULT_HOST, DEFAULT_PORT, ownPassword, portOption, warnOfShortPassword } from "../link/defaults.ts";
import type { Link } from "../link/link.ts";
import { LinkListener } from "../link/listener.ts";
import { UserTable } from "../link/user-table.ts";
import { gate } from "../node/gate.ts";
import { Participant, type ParticipantContract, untypedContract } from "../node/participant.ts";
import type { PipeListener } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { Bans } from "../schema/ban-types.ts";
import type { ServerOptions } from "../schema/server-types.ts";
import { KeptState } from "../state/kept-state.ts";

/** The name that a server goes by, unless it is given one. */
const DEFAULT_NAME = "Server";

/** Names are others' to choose. */
const MOST_UNIDENTIFIED = 1_000;

/** A program that clients connect to, without a Room. Both sides may call. */
export class Server extends Participant {
  readonly #options: ServerOptions;
  readonly #kept: KeptState;
  readonly #blacklist: AddressSet;
  readonly #secret: Secret;
  #listener: LinkListener | undefined;
  readonly #mayTalk: (peer: string) => boolean;
  /** Links that are proven, whose names are still being asked after. */
  readonly #arriving = new Set<Link>();
  /** Clients whose identity was refused, and why. */
  readonly #unidentified = new Map<string, string>();
  #pipes: PipeListener | undefined;

  /**
   * Opens a server.
   * @throws TypeError for options that make no sense, among them the default password on an address that others can reach.
   * @throws LinkError ERR_UNREACHABLE when the port is taken.
   * @throws Error that says what to do when the file of the option `state` can't be read or written.
   */
  static async listen(options: ServerOptions = {}, contract?: ParticipantContract): Promise<Server> {
    const server = new Server(options, contract ?? untypedContract());
    try {
      await server.#listen();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  private constructor(options: ServerOptions, contract: ParticipantContract) {
    const name = options.name ?? DEFAULT_NAME;
    super(name, options, contract, {
      reach: () => {}, // clients come by themselves
      absence: (peer) => this.#absence(peer),
      live: (kind) => this.table.ofKind(kind),
      kindOf: (peer) => this.table.kindOf(peer),
      closesLinks: () => false,
      began: (peer) => this.#unidentified.delete(peer),
    });
    this.#options = options;
    this.#mayTalk = gate(options);
    const { environment, log, audit } = this;
    this.#blacklist = new AddressSet(options.blacklist ?? []);
    const password = ownPassword("Server.listen", options.host, options.password);
    this.#secret = passwordSecret(password, 2, environment.engine);
    this.#kept = new KeptState({ path: options.state, secret: options.secret, environment, log, audit });
    this.#kept.bans.onBan = () => this.#bar();
  }

  /** The addresses that are barred for now, and the way to change them. Kept over restarts with the option `state`. */
  get bans(): Bans {
    return this.#kept.bans;
  }

  #open(): LinkListener {
    const { environment, encryption, log, audit, table, name } = this;
    const { engine, random, clock, limits, chance } = environment;
    const { users } = this.#options;
    return new LinkListener({
      clock,
      log,
      audit,
      limits,
      chance,
      identity: this.identities,
      blacklist: this.#blacklist,
      bans: this.#kept.bans,
      handshake: {
        engine,
        random,
        name,
        users: users === undefined ? undefined : new UserTable(users, this.#kept.secret, engine, random),
        encryption,
        suites: engine.suites(),
        serves: (purpose) => purpose === 2 || purpose === 5,
        secretFor: (hello) => (hello.purpose === 5 ? table.keys.forHello(hello) : this.#secret),
        end: (hello) => table.endFor(hello.name),
      },
      onLink: (link) =>
        void this.#arrived(link).catch((error: unknown) => {
          log.error({ name: link.remoteName, err: error }, "a client could not be let in");
          this.#arriving.delete(link);
          link.destroy();
        }),
      onRefused: audit.onRefused,
      onPenalised: audit.onPenalised,
      onUnidentified: (peer, error) => {
        const [oldest] = this.#unidentified.keys();
        if (oldest !== undefined && this.#unidentified.size >= MOST_UNIDENTIFIED) this.#unidentified.delete(oldest);
        this.#unidentified.set(peer, error.message);
      },
    });
  }

  /** The address it listens on. */
  get host(): string {
    return this.#pipes?.address.host ?? this.#options.host ?? DEFAULT_HOST;
  }

  /** The port that was taken. */
  get port(): number {
    return this.#pipes?.address.port ?? 0;
  }

  /** The names of the clients that are connected, sorted. */
  get names(): readonly string[] {
    return this.table.open;
  }

  async #listen(): Promise<void> {
    const port = portOption(this.#options.port, "port", DEFAULT_PORT);
    await this.#kept.begin();
    const listener = (this.#listener = this.#open());
    this.#pipes = await this.environment.listen({ host: this.host, port, accept: listener.accept });
    warnOfShortPassword(this.log, this.host, this.#options.password);
    this.log.info({ encryption: this.encryption }, `listens on ${showAddress(this.host, this.port)}`);
  }

  #isBarred(host: string): boolean {
    return this.#blacklist.has(host) || this.#kept.bans.has(host);
  }

  /** Addresses were banned: whoever is here from there goes. */
  #bar(): void {
    for (const link of this.#arriving) {
      if (!this.#isBarred(link.remote.host)) continue;
      this.#arriving.delete(link);
      this.#refuse(link, "banned", BARRED, 4);
    }
    this.table.endFrom((host) => this.#isBarred(host), BARRED);
  }

  /** A client proved itself. Its name is its own if nobody else here holds it and lives. */
  async #arrived(link: Link): Promise<void> {
    const { remoteName, purpose } = link;
    if (this.#isBarred(link.remote.host)) return this.#refuse(link, "banned", BARRED, 4);
    if (!this.#mayTalk(remoteName))
      return this.#refuse(link, "not allowed", `${this.name} does not talk to ${quoted(remoteName)}`);
    if (remoteName === this.name) return this.#refuse(link, "own name", `the name "${remoteName}" is the server's own`);
    if (purpose !== 5 && this.table.closing !== undefined) return link.close(13, this.table.closing);
    if (purpose !== 5 && !link.isUserProven && this.table.isHeldByAnother(link)) {
      this.#arriving.add(link);
      const isAlive = await this.table.isAlive(remoteName, this.environment.limits.room.holderMs);
      if (!this.#arriving.delete(link)) return;
      if (isAlive && this.table.isHeldByAnother(link)) {
        this.#nameTaken(link, "in use");
        return link.close(8, `the name "${remoteName}" is in use`);
      }
    }
    if (purpose !== 5 && this.table.isHeldByAnother(link))
      this.#nameTaken(link, link.isUserProven ? "user password" : "silence");
    this.table.linkProven(link);
  }

  #refuse(link: Link, reason: AuditReasons["refused"], text: string, code = 7): void {
    this.audit.note("refused", reason, aboutLink(link, !link.isUserProven), text);
    link.close(code, text);
  }

  /** Two programs claim one name. "in use": the newcomer is refused. */
  #nameTaken(newcomer: Link, reason: AuditReasons["name taken"]): void {
    const text = reason === "in use" ? "refused: the name is in use" : `the name changes hands: ${reason}`;
    this.audit.note("name taken", reason, aboutLink(newcomer, !newcomer.isUserProven), text);
  }

  #absence(peer: string): string {
    const { names } = this;
    if (names.includes(peer)) return `the connection to ${peer} is interrupted`;
    const refused = this.#unidentified.get(peer);
    if (refused !== undefined) return refused;
    if (names.length === 0) return `no client named ${peer} is connected; nobody is`;
    const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
    return `no client named ${peer} is connected; live: ${names.slice(0, 10).join(", ")}${more}`;
  }

  protected async leave(drain: () => Promise<void>): Promise<void> {
    const drained = drain();
    for (const link of this.#arriving) link.close(13, this.table.closing);
    this.#arriving.clear();
    await drained; // sessions whose connections break meanwhile come back for their answers
    this.#listener?.close();
    await Promise.all([this.#pipes?.close(), this.#kept.close()]);
    this.audit.close();
    this.log.info({}, "closed");
  }
}
