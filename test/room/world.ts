import { onTestFinished } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { environmentWith } from "../../src/link/environment.ts";
import { encodeRelayPreface } from "../../src/link/handshake-frames.ts";
import type { Link } from "../../src/link/link.ts";
import { Room, type RoomOptions } from "../../src/room/room.ts";
import { ManualClock, memoryEnvironment, MemoryNetwork } from "../../src/testing/index.ts";
import {
  type Boxed,
  decodeBoxed,
  decodeToUser,
  encodeToRoom,
  type Introduced,
  type Join,
  type Ticket,
  type ToRoom,
  type ToUser,
} from "../../src/wire/room-messages.ts";
import { dialHonestly, KeptLog } from "../link/parties.ts";
import { RawPeer } from "../link/raw-peer.ts";
import { until } from "../support/until.ts";
import { boxesOf } from "./fake-member.ts";

/** What each end of a splice reads first. */
export const SPLICED = Uint8Array.of(5, 0, 0);

/** A member that says what a test tells it. */
export interface WorldMember {
  readonly name: string;
  readonly link: Link;
  readonly heard: ToUser[];
  readonly boxes: Boxed[];
  readonly say: (message: ToRoom) => void;
}

/** A Room on a network in memory, with a clock by hand, and members of any address. */
export interface World {
  readonly room: Room;
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly log: KeptLog;
  /** Operations on curves that the Room's engine did so far. */
  readonly curveWork: () => number;
  readonly member: (name: string, host?: string, join?: Partial<Join>) => Promise<WorldMember>;
  /** A connection to the Room from some address. */
  readonly dial: (host?: string, from?: number, port?: number) => Promise<RawPeer>;
  /** The same, which shows a pass, and says something behind it. */
  readonly show: (pass: Uint8Array, host?: string, ...more: Uint8Array[]) => Promise<RawPeer>;
}

export async function openWorld(options: RoomOptions = {}): Promise<World> {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  const log = new KeptLog();
  let work = 0;
  const engine: Engine = {
    ...nativeEngine,
    point: (u) => (work++, nativeEngine.point(u)),
    scalar: (bytes) => (work++, nativeEngine.scalar(bytes)),
  };
  const environment = environmentWith({ ...memoryEnvironment(network), clock, engine, chance: () => 0.5 });
  const room = await Room.open({ host: "0.0.0.0", password: "long enough", log, environment, ...options });
  onTestFinished(() => room.close());
  const dial: World["dial"] = async (localHost = "127.0.0.1", localPort = 0, port = room.port) => {
    const pipe = await network.dial({ host: "198.18.0.1", port, localHost, localPort });
    onTestFinished(() => pipe.destroy());
    return new RawPeer(pipe);
  };
  return {
    room,
    clock,
    network,
    log,
    curveWork: () => work,
    dial,
    async show(pass, host, ...more) {
      const peer = await dial(host);
      peer.write(encodeRelayPreface(pass), ...more);
      return peer;
    },
    async member(name, localHost = "127.0.0.1", join = {}) {
      const pipe = await network.dial({ host: "198.18.0.1", port: room.port, localHost });
      const link = await dialHonestly(pipe, { clock, name, password: "long enough" });
      onTestFinished(() => link.destroy());
      const heard: ToUser[] = [];
      const boxes: Boxed[] = [];
      link.start({
        data: (payload) => void heard.push(decodeToUser(payload)),
        sealed: (payload) => void boxes.push(decodeBoxed(payload)),
        drain() {},
        closed() {},
      });
      const say = (message: ToRoom): void => {
        const payload = encodeToRoom(message);
        if (message.type === "introduce" || message.type === "join") link.sendSealed(payload);
        else link.send([payload]);
      };
      const about = { kind: undefined, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" };
      say({ type: "join", ...about, ...join });
      await until(() => heard.some(({ type }) => type === "welcome"));
      return { name, link, heard, boxes, say };
    },
  };
}

/** Asks for an introduction of two members, and gives what each is told. */
export async function introduced(
  one: WorldMember,
  other: WorldMember,
): Promise<{ ticketId: Uint8Array; told: Introduced; ticket: Ticket }> {
  const ticketId = systemRandom(16);
  const hello = Uint8Array.of(1, 0, 1, 9);
  one.say({ type: "introduce", name: other.name, ticketId, secret: systemRandom(32), hello });
  const isIts = (box: { ticketId: Uint8Array }): boolean => Buffer.compare(box.ticketId, ticketId) === 0;
  const find = (): [Introduced | undefined, Ticket | undefined] => [
    boxesOf(one, "introduced").find(isIts),
    boxesOf(other, "ticket").find(isIts),
  ];
  await until(() => find().every((box) => box !== undefined));
  const [told, ticket] = find() as [Introduced, Ticket];
  return { ticketId, told, ticket };
}

/** The code of the REFUSE frame that a connection got. */
export async function refusal(peer: RawPeer): Promise<number> {
  const { type, body } = await peer.frame();
  if (type !== 4) throw new Error(`a frame of type ${type} came`);
  await peer.untilEnded();
  return ((body[0] as number) << 8) | (body[1] as number);
}
