import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Link } from "../../src/link/link.ts";
import type { End } from "../../src/session/bind.ts";
import { OutMessage } from "../../src/session/out-message.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { Session, type SessionEnd } from "../../src/session/session.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import { Answerer, dialHonestly } from "../link/parties.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { seeded, seedOfRun } from "../support/seeded.ts";

expectNothingLeft();

const SEED = seedOfRun();
const MIB = 2 ** 20;

/** A link of the real kind between two programs of this process: both its ends. */
async function connect(
  way: "TCP" | "memory",
  encryption: boolean,
): Promise<{ links: [Link, Link]; close: () => Promise<void> }> {
  const network = new MemoryNetwork({ chance: seeded(SEED) });
  let answerer!: Answerer;
  const far = new Promise<Link>((onLink) => {
    answerer = new Answerer({ encryption, config: { onLink } });
  });
  const accept = (pipe: Pipe): void => answerer.listener.accept(pipe);
  const options = { host: "127.0.0.1", port: 0, accept };
  const listener = way === "TCP" ? await listenTcp(options) : await network.listen(options);
  const { port } = listener.address;
  const pipe =
    way === "TCP" ? await dialTcp({ host: "127.0.0.1", port }) : await network.dial({ host: "127.0.0.1", port });
  const near = await dialHonestly(pipe, { encryption });
  return {
    links: [near, await far],
    close: async () => {
      answerer.close();
      await listener.close();
    },
  };
}

function endOf(byte: number): End {
  return { incarnation: new Uint8Array(12).fill(byte), epoch: 0 };
}

class Side {
  readonly outbox = new Outbox();
  readonly received: { channel: number; length: number; first: number }[] = [];
  readonly session: Session;
  readonly ended: Promise<SessionEnd>;
  #count = Number.POSITIVE_INFINITY;
  #enough: () => void = () => {};

  constructor(own: number, other: number) {
    let ended!: (end: SessionEnd) => void;
    this.ended = new Promise((resolve) => {
      ended = resolve;
    });
    this.session = new Session({
      local: endOf(own),
      remote: endOf(other),
      outbox: this.outbox,
      clock: systemClock,
      closesLinks: own < other,
      events: {
        message: (_kind, channel, payload) => {
          this.received.push({ channel, length: payload.length, first: payload[0] ?? -1 });
          if (this.received.length === this.#count) this.#enough();
        },
        ended,
      },
    });
  }

  /** So many messages have come. */
  got(count: number): Promise<void> {
    this.#count = count;
    return this.received.length >= count ? Promise.resolve() : new Promise((resolve) => (this.#enough = resolve));
  }
}

test.each([
  ["TCP", true],
  ["TCP", false],
  ["memory", true],
] as const)(
  `over %s, encryption %s, everything arrives in order, and the end is an orderly close at both ends (seed ${SEED})`,
  async (way, encryption) => {
    const { links, close } = await connect(way, encryption);
    const [one, two] = [new Side(1, 2), new Side(2, 1)];
    one.session.attach(links[0]);
    two.session.attach(links[1]);
    for (const side of [one, two]) {
      side.outbox.push(new OutMessage(0x11, 9_999, new Uint8Array(3 * MIB).fill(7), "call"));
      for (let channel = 0; channel < 1_000; channel++) {
        side.outbox.push(new OutMessage(0x12, channel, new Uint8Array(50).fill(channel % 251), "send"));
        if (channel % 100 === 0) await Promise.resolve();
      }
    }
    await Promise.all([one.got(1_001), two.got(1_001)]);
    for (const side of [one, two]) {
      const small = side.received.filter((message) => message.channel < 9_999);
      expect(small.map((message) => message.channel)).toEqual(Array.from({ length: 1_000 }, (_, at) => at));
      expect(small.every((message) => message.first === message.channel % 251 && message.length === 50)).toBe(true);
      expect(side.received.at(-1), "the big one did not hold the others up").toEqual({
        channel: 9_999,
        length: 3 * MIB,
        first: 7,
      });
    }
    one.outbox.push(new OutMessage(0x12, 5, new Uint8Array(1), "send"));
    one.session.end("done", "leaving");
    const end = await two.ended;
    expect([end.reason, end.text, end.byPeer]).toEqual(["done", "leaving", true]);
    expect(two.received.length).toBe(1_002);
    await close();
  },
);

test("a link that breaks ends the session as lost, at both ends", async () => {
  const { links, close } = await connect("TCP", true);
  const [one, two] = [new Side(1, 2), new Side(2, 1)];
  one.session.attach(links[0]);
  two.session.attach(links[1]);
  one.outbox.push(new OutMessage(0x12, 1, new Uint8Array(1), "send"));
  await two.got(1);
  links[1].destroy();
  two.session.end("lost", "destroyed by hand");
  const end = await one.ended;
  expect(end.reason).toBe("lost");
  expect(end.cause).toBeInstanceOf(Error);
  await close();
});
