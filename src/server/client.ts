import { publicText } from "../crypto/identity.ts";
import { passwordSecret } from "../crypto/secret.ts";
import { UserPassword } from "../crypto/user-password.ts";
import { DEFAULT_HOST, DEFAULT_PORT, passwordFor, portOption } from "../link/defaults.ts";
import { problemOfName } from "../link/names.ts";
import { rulesFor } from "../node/pins.ts";
import { Participant, type ParticipantContract, untypedContract } from "../node/participant.ts";
import type { UntypedPeer } from "../schema/peer-types.ts";
import type { ClientOptions, ConnectOptions } from "../schema/server-types.ts";
import { ServerConnection } from "./server-connection.ts";

/** A program that connects to servers, each under a name of its own choice. Both sides may call. */
export class Client extends Participant {
  readonly #options: ClientOptions;
  readonly #kinds: ReadonlySet<string>;
  readonly #user: UserPassword | undefined;
  readonly #connections = new Map<string, ServerConnection>();

  /**
   * Makes a client; nothing is connected yet.
   * @throws TypeError for options that make no sense.
   * @throws LinkError ERR_PARAM for a password that can't be one.
   */
  static async open(name: string, options: ClientOptions = {}, contract?: ParticipantContract): Promise<Client> {
    return new Client(name, options, contract ?? untypedContract());
  }

  private constructor(name: string, options: ClientOptions, contract: ParticipantContract) {
    super(name, options, contract, {
      reach: (peer) => this.#connections.get(peer)?.again(),
      notResumed: (peer, error) => {
        if (error.code === "ERR_TICKET") this.#connections.get(peer)?.notKnown();
      },
      absence: (peer) => this.#absence(peer),
      live: (kind) => this.table.ofKind(kind),
      kindOf: (peer) => this.table.kindOf(peer),
      closesLinks: () => true,
      severalSelves: true,
      pinned: (peer) => this.#connections.get(peer)?.pinned,
      ended: (peer, end) => {
        this.#connections.get(peer)?.ended(end);
      },
      introduced: (peer) => {
        this.#connections.get(peer)?.introduced();
      },
    });
    this.#options = options;
    this.#user =
      options.password === undefined ? undefined : new UserPassword(options.password, this.environment.engine);
    this.#kinds = new Set(contract.kinds.map(({ kind }) => kind));
  }

  /** The names of the servers that are connected, sorted. */
  get names(): readonly string[] {
    return this.table.open;
  }

  /**
   * Connects to a server, under that name or `options.name`. Without a server at that address it keeps trying; a refusal (password, name, encryption) is final.
   * @param name the kind of the server in a client made through generated code, else a name of this program's choice
   * @returns the server, ready to be called: typed in a client made through generated code
   * @throws TypeError for options that make no sense, and for a name that is taken by another server.
   * @throws LinkError when connecting failed for good, with `reconnect: false` at the first failure; the signal's reason when it fired.
   */
  async connect(name: string, options: ConnectOptions = {}): Promise<UntypedPeer> {
    const own = options.name ?? name;
    const problem = typeof own === "string" ? problemOfName(own) : "a name must be a text";
    if (problem !== undefined)
      throw new TypeError(`connect: the name ${JSON.stringify(own)} can't be used: ${problem}`);
    if (own === this.name) throw new TypeError(`connect: "${own}" is this client itself; give the server another name`);
    if (this.#kinds.size > 0 && !this.#kinds.has(name)) {
      throw new TypeError(
        `connect: no schema declares the kind "${name}"; generated/ knows ${[...this.#kinds].join(", ")}`,
      );
    }
    if (this.#connections.has(own)) {
      throw new TypeError(
        `connect: a server is connected as "${own}" already; give this one another name, or disconnect("${own}") first`,
      );
    }
    if (this.table.closing !== undefined) throw new TypeError(`connect: ${this.table.closing}`);
    const { environment, log, audit, table, encryption } = this;
    const pinned = options.identity === undefined ? undefined : publicText(options.identity, "identity");
    const host = options.host ?? DEFAULT_HOST;
    const connection = new ServerConnection({
      environment,
      log,
      audit,
      table,
      clientName: this.name,
      name: own,
      kind: this.#kinds.size > 0 ? name : undefined,
      host,
      port: portOption(options.port, "port", DEFAULT_PORT),
      secret: passwordSecret(passwordFor("password", host, options.password), 2, environment.engine),
      user: this.#user,
      encryption,
      identities: rulesFor(own, this.identities, pinned),
      pinned,
      reconnect: options.reconnect ?? this.#options.reconnect ?? true,
    });
    this.#connections.set(own, connection);
    try {
      await connection.open(options.signal);
    } catch (error) {
      this.#drop(own, connection, "not connected");
      throw error;
    }
    return this.#kinds.size > 0 ? (this.typed.kindPeers(name, own) as UntypedPeer) : this.typed.untyped(own);
  }

  /** Ends the connection to a server, by the name that this client gave it; a `connect` that is under way rejects. Nothing happens when there is none. */
  async disconnect(name: string): Promise<void> {
    const connection = this.#connections.get(name);
    if (connection !== undefined) this.#drop(name, connection, `${this.name} disconnected`);
  }

  #drop(name: string, connection: ServerConnection, text: string): void {
    connection.close();
    if (this.#connections.get(name) !== connection) return; // dropped before; the name may be another server's by now
    this.#connections.delete(name);
    this.table.end(name, text);
  }

  #absence(peer: string): string {
    const connection = this.#connections.get(peer);
    if (connection !== undefined) return `the server at ${connection.address} is not reachable`;
    const names = [...this.#connections.keys()];
    return `no server is connected as ${peer}; connected: ${names.length === 0 ? "none" : names.join(", ")}`;
  }

  protected async leave(drain: () => Promise<void>): Promise<void> {
    await drain();
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.audit.close();
    this.log.info({}, `${this.name} left`);
  }
}
