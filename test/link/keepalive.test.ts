import { expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import type { Link } from "../../src/link/link.ts";
import { RecordLink } from "../../src/link/record-link.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { Answerer, bytesOf, dialHonestly, greeting, KeptLog, LinkEar } from "./parties.ts";
import { RawPeer, RECORD } from "./raw-peer.ts";

expectNothingLeft();

/** Everything on one clock by hand, the network too: each hop takes a millisecond. */
async function onOneClock(): Promise<{
  clock: ManualClock;
  network: MemoryNetwork;
  room: Answerer;
  during: <T>(work: Promise<T>) => Promise<T>;
}> {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
  const room = new Answerer({ clock });
  await network.listen({ host: "room", port: 1, accept: room.listener.accept });
  /** Lets time pass, in steps of a millisecond, until that is done. */
  async function during<T>(work: Promise<T>): Promise<T> {
    const done = { yes: false };
    const finish = (): void => void (done.yes = true);
    void work.then(finish, finish);
    for (let ms = 0; !done.yes && ms < 5_000; ms++) {
      clock.advance(1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return work;
  }
  return { clock, network, room, during };
}

async function pair(): Promise<{
  clock: ManualClock;
  network: MemoryNetwork;
  near: Link;
  ear: LinkEar;
  far: Link;
  farEar: LinkEar;
}> {
  const { clock, network, room, during } = await onOneClock();
  const near = await during(dialHonestly(await during(network.dial({ host: "room", port: 1 })), { clock }));
  const ear = new LinkEar();
  near.start(ear);
  clock.advance(10);
  return { clock, network, near, ear, far: room.links[0] as Link, farEar: room.ears[0] as LinkEar };
}

/** A scripted peer that is through the handshake. */
async function scripted(): Promise<{ clock: ManualClock; peer: RawPeer; link: Link; ear: LinkEar }> {
  const { clock, network, room, during } = await onOneClock();
  const peer = new RawPeer(await during(network.dial({ host: "room", port: 1 })));
  await during(peer.shake(greeting()));
  clock.advance(10);
  return { clock, peer, link: room.links[0] as Link, ear: room.ears[0] as LinkEar };
}

test("an idle link lives for an hour on pings alone, and both ends know the round trip", async () => {
  const { clock, near, far, ear, farEar } = await pair();
  for (let second = 0; second < 3_600; second++) clock.advance(1_000);
  expect([ear.ends, farEar.ends, near.isOpen, far.isOpen]).toEqual([[], [], true, true]);
  expect([near.rttMs, far.rttMs]).toEqual([2, 2]);
  near.close();
  clock.advance(10);
  expect(farEar.ends).toEqual([undefined]);
  expect(clock.pending).toBe(0);
});

test("limit link.idleMs, limit link.deadMs: fifteen seconds of silence bring a ping, thirty another one, forty-five the end", async () => {
  const { clock, peer, ear } = await scripted();
  clock.advance(14_900);
  expect(peer.received.length).toBeGreaterThan(0);
  const before = peer.received.length;
  clock.advance(200);
  expect((await peer.record()).type).toBe(RECORD.ping);
  clock.advance(15_000);
  expect((await peer.record()).type).toBe(RECORD.ping);
  expect(peer.received.length).toBe(before + 2 * 29);
  clock.advance(14_500);
  expect(ear.ends).toEqual([]);
  clock.advance(500);
  expect(ear.ends).toMatchObject([{ code: "ERR_DEAD", message: 'nothing came from "Foo" for 45 s' }]);
  clock.advance(10);
  expect(peer.ended).toBeDefined();
  expect(clock.pending).toBe(0);
});

test("whatever comes counts as life", async () => {
  const { clock, peer, ear } = await scripted();
  for (let round = 0; round < 10; round++) {
    clock.advance(40_000);
    peer.write(peer.seal(RECORD.data, bytesOf("x")));
  }
  clock.advance(10);
  expect(ear.received).toHaveLength(10);
  expect(ear.ends).toEqual([]);
});

test("time in which this program did not run is not held against the other side", async () => {
  const { clock, peer, ear } = await scripted();
  // The program is stopped for an hour: the timer that was due fires late, before the socket is read again.
  const now = clock.now.bind(clock);
  clock.now = () => now() + 3_600_000;
  clock.advance(15_010);
  expect(ear.ends).toEqual([]);
  expect((await peer.record()).type).toBe(RECORD.ping);
  clock.advance(30_000);
  expect(ear.ends).toMatchObject([{ code: "ERR_DEAD" }]);
});

test("a ping gives the round trip, and undefined when no answer comes in time or the link ends", async () => {
  const { clock, network, near } = await pair();
  const first = near.ping(1_000);
  clock.advance(2);
  expect(await first).toBe(2);
  clock.advance(400);
  network.freeze();
  const second = near.ping(1_000);
  clock.advance(1_000);
  expect(await second).toBeUndefined();
  network.thaw();
  clock.advance(400);
  const third = near.ping(60_000);
  near.destroy();
  expect(await third).toBeUndefined();
});

test("however often the owner pings, the link keeps below the other side's limit", async () => {
  const { clock, near, ear, farEar } = await pair();
  for (let round = 0; round < 2_000; round++) {
    const answered = near.ping(1_000);
    clock.advance(10);
    expect(await answered).toBe(2);
  }
  expect([ear.ends, farEar.ends]).toEqual([[], []]);
});

test("a link that breaks before its owner starts tells it at start", async () => {
  const { clock, network, during } = await onOneClock();
  const near = await during(dialHonestly(await during(network.dial({ host: "room", port: 1 })), { clock }));
  clock.advance(10);
  network.cut();
  clock.advance(10);
  const ear = new LinkEar();
  near.start(ear);
  expect(ear.ends).toMatchObject([{ code: "ERR_TRUNCATED" }]);
  expect(clock.pending).toBe(0);
});

test("a link that dies before its owner starts tells it at start, and forgets its keys", async () => {
  const clock = new ManualClock();
  const forgotten: string[] = [];
  const sealer = {
    seal: () => new Uint8Array(0),
    box: () => new Uint8Array(0),
    wipe: () => void forgotten.push("sealer"),
  };
  const opener = { open: () => expect.fail(), unbox: () => expect.fail(), wipe: () => void forgotten.push("opener") };
  const [pipe, other] = new MemoryNetwork({ later: (run) => void clock.after(1, run) }).pair();
  let gone = 0;
  const link = new RecordLink(
    pipe,
    {
      role: "initiator",
      purpose: 1,
      localName: "Foo",
      remoteName: "Room",
      encryption: true,
      suite: 1,
      linkId: new Uint8Array(32),
      localEnd: undefined,
      remoteEnd: undefined,
      resume: undefined,
      ticketId: undefined,
      isUserProven: false,
      sealer,
      opener,
    },
    new Uint8Array(0),
    { clock, log: new KeptLog(), handshake: { engine: nativeEngine } },
    () => gone++,
  );
  clock.advance(45_000);
  expect([forgotten, gone, link.isOpen]).toEqual([["sealer", "opener"], 1, false]);
  const ear = new LinkEar();
  link.start(ear);
  expect(ear.ends).toMatchObject([{ code: "ERR_DEAD" }]);
  link.start(ear);
  link.destroy();
  expect([ear.ends.length, gone]).toEqual([1, 1]);
  other.destroy();
});
