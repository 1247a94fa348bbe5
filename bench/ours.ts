import { Room } from "../src/index.ts";
import { environmentWith } from "../src/link/environment.ts";
import { bind } from "../src/runtime.ts";
import type { Adapter, Connection, Payload } from "./adapter.ts";
import { acceptLinks, touchLink } from "./ours-links.ts";
import { Answerer, Asker } from "./ours-schema.ts";

// What codegen would print for ours-schema.ts, as far as it is needed here.
interface Handlers {
  Answerer: {
    get: { echo(input: Payload): Payload; echoBytes(input: Uint8Array): Uint8Array; told(): number };
    send: { note(input: Payload): void };
  };
  Asker: object;
}
interface AnswererPeer {
  get: {
    echo(input: Payload): Promise<Payload>;
    echoBytes(input: Uint8Array): Promise<Uint8Array>;
    told(): Promise<number>;
  };
  send: { note(input: Payload): Promise<void> };
}
interface Joined {
  readonly peers: { readonly Answerer: AnswererPeer };
  close(): Promise<void>;
}

const network = bind<Handlers, { Answerer: Joined; Asker: Joined }, object>({ Answerer, Asker });

/** The shipped product with its defaults: a Room and a typed peer in one process, a typed peer in the other; validation both ways. */
export function ours(encryption: boolean): Adapter {
  const shared = { encryption, log: "silent" } as const;
  const open = async (): Promise<{ room: Room; answerer: Joined }> => {
    const room = await Room.open({ port: 0, ...shared });
    const answerer = await network.joinRoom("Answerer", answering(), { room: { port: room.port }, ...shared });
    return { room, answerer };
  };
  const join = (port: number): Promise<Joined> => network.joinRoom("Asker", {}, { room: { port }, ...shared });
  return {
    serve: async () => ({ port: (await open()).room.port }),
    accept: () => acceptLinks(encryption),
    touch: async (port) => {
      const link = await touchLink(port, encryption);
      return { close: () => link.destroy() };
    },
    connect: async (port) => connectionOf(await join(port)),
    async introduce() {
      const start = performance.now();
      const { room, answerer } = await open();
      const asker = await join(room.port);
      await asker.peers.Answerer.get.told();
      const ms = performance.now() - start;
      await Promise.all([asker.close(), answerer.close()]);
      await room.close();
      return ms;
    },
  };
}

/** Its parts, each for a process of its own: `serve` opens a Room, `connect` joins one. `dials` says which ports of this machine are reached. */
export function oursApart(is: "Answerer" | "Asker", dials: (port: number, roomPort: number) => boolean): Adapter {
  const open = { log: "silent" } as const;
  return {
    serve: async () => ({ port: (await Room.open({ port: 0, ...open })).port }),
    async connect(port) {
      const { dial, ...machine } = environmentWith();
      const environment = environmentWith({
        ...machine,
        dial: async (options) => {
          if (dials(options.port, port)) return await dial(options);
          throw new Error("not reached");
        },
      });
      const options = { room: { port }, environment, ...open };
      if (is === "Asker") return connectionOf(await network.joinRoom("Asker", {}, options));
      await network.joinRoom("Answerer", answering(), options);
      return { call: none, tell: none, told: none, echo: none, close: none };
    },
    touch: none,
  };
}

async function none(): Promise<never> {
  throw new Error("only the other side calls");
}

function answering(): Handlers["Answerer"] {
  let notes = 0;
  return {
    get: { echo: (data) => data, echoBytes: (data) => data, told: () => notes },
    send: {
      note: () => {
        notes++;
      },
    },
  };
}

function connectionOf(asker: Joined): Connection {
  const { get, send } = asker.peers.Answerer;
  return {
    call: (data) => get.echo(data),
    echo: (data) => get.echoBytes(data),
    told: () => get.told(),
    async tell(data, count) {
      const all: Promise<void>[] = [];
      for (let i = 0; i < count; i++) all.push(send.note(data));
      await Promise.all(all);
    },
    close: () => asker.close(),
  };
}
