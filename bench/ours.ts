import { Room } from "chatroom";
import { environmentWith } from "../src/link/environment.ts";
import type { Adapter, Connection } from "./adapter.ts";
import { type AnswererHandlers, type AskerUser, type AnswererUser, joinRoom } from "./generated/index.ts";
import { acceptLinks, touchLink } from "./ours-links.ts";

/** The shipped product with its defaults: a Room and a typed peer in one process, a typed peer in the other; validation both ways. */
export function ours(encryption: boolean): Adapter {
  const shared = { encryption, log: "silent" } as const;
  const open = async (): Promise<{ room: Room; answerer: AnswererUser }> => {
    const room = await Room.open({ port: 0, ...shared });
    const answerer = await joinRoom("Answerer", answering(), { room: { port: room.port }, ...shared });
    return { room, answerer };
  };
  const join = (port: number): Promise<AskerUser> => joinRoom("Asker", {}, { room: { port }, ...shared });
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
      if (is === "Asker") return connectionOf(await joinRoom("Asker", {}, options));
      await joinRoom("Answerer", answering(), options);
      return { call: none, tell: none, told: none, echo: none, close: none };
    },
    touch: none,
  };
}

async function none(): Promise<never> {
  throw new Error("only the other side calls");
}

function answering(): AnswererHandlers {
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

function connectionOf(asker: AskerUser): Connection {
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
