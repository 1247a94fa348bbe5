// What a Room tells of itself, its second port, and what each member is told about itself.
import { expect, onTestFinished, test } from "vitest";
import { Room } from "../../src/room/room.ts";
import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import type { RawPeer } from "../link/raw-peer.ts";
import { KeptLog } from "../link/parties.ts";
import { failure, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";
import { introduced, openWorld } from "./world.ts";

test("a Room tells where it listens, who is in, from where and since when, and who is relayed, as plain data", async () => {
  const { room, member, clock, show } = await openWorld();
  const a = await member("Zoe", "203.0.113.7", { kind: "Worker" });
  clock.advance(1_000);
  const b = await member("Bar", "2001:db8::7");
  await until(() => room.status().members.every(({ reachable }) => reachable !== undefined));
  const { told, ticket } = await introduced(a, b);
  const legs = [await show(told.pass as Uint8Array, "203.0.113.7"), await show(ticket.pass as Uint8Array)];
  await until(() => legs.every(({ received }) => received.length === 3));
  legs[0]?.write(new Uint8Array(100));
  await until(() => legs[1]?.received.length === 103);
  const status = room.status();
  expect(status).toEqual({
    host: "0.0.0.0",
    port: 2_428,
    probePort: 2_429,
    relays: true,
    members: [
      {
        name: "Bar",
        kind: undefined,
        address: expect.stringMatching(/^\[2001:db8::7\]:\d+$/) as string,
        since: new Date(clock.date()),
        reachable: false,
      },
      {
        name: "Zoe",
        kind: "Worker",
        address: expect.stringMatching(/^203\.0\.113\.7:\d+$/) as string,
        since: new Date(clock.date() - 1_000),
        reachable: false,
      },
    ],
    relayed: [{ between: ["Zoe", "Bar"], bytes: 100, since: new Date(clock.date()) }],
  });
  expect(structuredClone(status)).toEqual(status);
  legs[1]?.pipe.close();
  await until(() => room.status().relayed.length === 0);
});

test("a member is told the address that the Room sees it at", async () => {
  const { member } = await openWorld();
  const { heard } = await member("A", "203.0.113.7");
  expect(heard[0]).toEqual({ type: "welcome", count: 0, host: "203.0.113.7" });
});

test("a Room listens on the port after its own too, or on any free one, or on the one that it is told", async () => {
  const plain = await openRoom();
  expect(plain.status().probePort, "nobody on loopback is behind a router").toBe(0);
  const room = await openRoom({ probePort: 0 });
  const { probePort } = room.status();
  expect(probePort).toBeGreaterThan(0);
  expect(probePort).not.toBe(room.port);
  const pipe = await dialTcp({ host: room.host, port: probePort });
  pipe.destroy();
  const other = await openWorld({ probePort: 3_000 });
  expect(other.room.status().probePort).toBe(3_000);
  const last = await openWorld({ port: 65_535 });
  expect(last.room.status().probePort).not.toBe(65_535);
  for (const wrong of [-1, 65_536, 1.5])
    expect(await failure(Room.open({ port: 0, probePort: wrong }))).toMatchObject({ name: "TypeError" });
});

test("a Room whose second port is taken opens, says in the log what is lost, and asks for one probe alone", async () => {
  const taken = await listenTcp({ host: "127.0.0.1", port: 0, accept: (pipe) => pipe.destroy() });
  onTestFinished(() => taken.close());
  const log = new KeptLog();
  const room = await openRoom({ log, probePort: taken.address.port });
  expect(room.status().probePort).toBe(0);
  const [warning] = log.lines.filter(({ level }) => level === "warn");
  expect(warning?.message).toContain(`no second port at 127.0.0.1:${taken.address.port}`);
  expect(warning?.message).toContain("probePort");
});

test("who closes a Room frees both its ports", async () => {
  const room = await openRoom({ probePort: 0 });
  const { probePort } = room.status();
  await room.close();
  for (const port of [room.port, probePort]) {
    const listener = await listenTcp({ host: "127.0.0.1", port, accept: (pipe) => pipe.destroy() });
    await listener.close();
  }
});

test("the second port lets in as the first one does, within the same limits", async () => {
  const { room, dial } = await openWorld();
  const { probePort } = room.status();
  const peers: RawPeer[] = [];
  for (let n = 0; n < 9; n++) peers.push(await dial("192.0.2.1", 0, n % 2 === 0 ? room.port : probePort));
  await until(() => peers.some(({ ended }) => ended !== undefined));
  expect(peers.filter(({ ended }) => ended === undefined)).toHaveLength(8); // of one source
});
