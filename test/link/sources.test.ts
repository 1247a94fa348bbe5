import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import type { Link } from "../../src/link/link.ts";
import { AddressSet } from "../../src/link/address-set.ts";
import type { LinkListenerConfig, PenalisedEvent } from "../../src/link/listener.ts";
import { ManualClock, MemoryNetwork } from "../../src/testing/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { Answerer, bytesOf, dialHonestly, LinkEar } from "./parties.ts";

expectNothingLeft();

/** A listener as programs have it, and people from any address. */
async function listening(config: Partial<LinkListenerConfig> = {}): Promise<{
  clock: ManualClock;
  room: Answerer;
  penalised: PenalisedEvent[];
  come: (from: string, password?: string) => Promise<Link>;
  /** Guesses wrong, so often. */
  guess: (from: string, times?: number) => Promise<void>;
  /** Connects and is gone, which costs a little. */
  drop: (from: string) => Promise<void>;
  /** Whether somebody from there who knows the password gets in. */
  isLetIn: (from: string) => Promise<boolean>;
}> {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  const penalised: PenalisedEvent[] = [];
  const room = new Answerer({ clock, config: { onPenalised: (event) => void penalised.push(event), ...config } });
  const pipes = await network.listen({ host: "::", port: 2_428, accept: room.listener.accept });
  onTestFinished(async () => {
    room.close();
    await pipes.close();
  });
  const come = async (localHost: string, password?: string): Promise<Link> => {
    const pipe = await network.dial({ host: "::1", port: 2_428, localHost });
    const link = await dialHonestly(pipe, password === undefined ? { clock } : { clock, password });
    onTestFinished(() => link.destroy());
    return link;
  };
  const guess = async (from: string, times = 1): Promise<void> => {
    for (let count = 0; count < times; count++) {
      const { length } = room.refused;
      await expect(come(from, "wrong")).rejects.toThrow();
      await room.until(() => room.refused.length > length);
    }
  };
  const drop = async (localHost: string): Promise<void> => {
    const { length } = room.refused;
    (await network.dial({ host: "::1", port: 2_428, localHost })).destroy();
    await room.until(() => room.refused.length > length);
  };
  const isLetIn = async (from: string): Promise<boolean> => {
    const { length } = room.refused;
    const { length: links } = room.links;
    const link = await come(from).catch(() => undefined);
    if (link === undefined) {
      await room.until(() => room.refused.length > length);
      return false;
    }
    await room.until(() => room.links.length > links);
    link.destroy();
    const mine = room.ears[links];
    await mine?.until(() => mine.ends.length > 0);
    return true;
  };
  return { clock, room, penalised, come, guess, drop, isLetIn };
}

test("case 81: at a listener, who rotates through a /64 is one source, and one of its own link there lives on", async () => {
  const { clock, room, penalised, come, guess, isLetIn } = await listening();
  const member = await come("2001:db8:1:1::1");
  await room.until(() => room.links.length === 1);
  const ear = new LinkEar();
  member.start(ear);
  // A source with a live link is refused above three times the threshold: nine failures are let in.
  for (let host = 0; host < 9; host++) await guess(`2001:db8:1:1:aaaa::${host}`);
  expect(penalised).toEqual([]);
  await guess("2001:db8:1:1:ffff::1");
  expect(penalised).toMatchObject([{ reason: "wrongSecret", host: "2001:db8:1:1:ffff::1", refusedForS: 10 }]);
  expect(await isLetIn("2001:db8:1:1:1234::5")).toBe(false);
  expect(await isLetIn("2001:db8:1:2::1")).toBe(true);
  room.links[0]?.send([bytesOf("still here")]);
  await ear.until(() => ear.bytes > 0);
  expect(ear.ends).toEqual([]);
  clock.advance(10_000);
  expect(await isLetIn("2001:db8:1:1:1234::5")).toBe(true);
});

test("case 81: who rotates through the /64s of a /48 is refused with all of it after eight times as much, and the next /48 is not", async () => {
  const { penalised, guess, isLetIn } = await listening();
  for (let net = 1; net <= 24; net++) await guess(`2001:db8:7:${net}::1`);
  expect(await isLetIn("2001:db8:7:ffff::1")).toBe(true);
  expect(penalised).toEqual([]);
  await guess("2001:db8:7:aa::1");
  expect(penalised).toHaveLength(1);
  expect(await isLetIn("2001:db8:7:fffe::1")).toBe(false);
  expect(await isLetIn("2001:db8:8:1::1")).toBe(true);
});

test("case 82: at a listener, an IPv4 address and its IPv6-mapped form are one source, however it is written", async () => {
  const { guess, isLetIn } = await listening();
  const forms = ["10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203", "0:0:0:0:0:FFFF:0A01:0203"];
  for (const form of forms) await guess(form);
  for (const form of forms) expect(await isLetIn(form), form).toBe(false);
  expect(await isLetIn("10.1.2.4")).toBe(true);
  expect(await isLetIn("::ffff:10.1.2.2")).toBe(true);
});

test("a zone makes no other source of an address", async () => {
  const { guess, isLetIn } = await listening();
  for (const zone of ["eth0", "eth1", "wlan0", "9"]) await guess(`fe80::1%${zone}`);
  expect(await isLetIn("fe80::1%lo")).toBe(false);
  expect(await isLetIn("fe80::1")).toBe(false);
});

test("an address of the allowlist is never penalised, in either notation", async () => {
  const { penalised, room, guess, isLetIn } = await listening({ allowlist: new AddressSet(["10.0.0.0/24"]) });
  for (let count = 0; count < 10; count++) await guess(count % 2 === 0 ? "10.0.0.7" : "::ffff:10.0.0.7");
  expect(penalised).toEqual([]);
  expect(room.refused.every(({ refusedForS }) => refusedForS === 0)).toBe(true);
  expect(await isLetIn("10.0.0.7")).toBe(true);
});

test("a penalty never exceeds its cap, whatever comes, and is told once, not at each refusal", async () => {
  const { clock, penalised, room, guess, drop, isLetIn } = await listening();
  await guess("10.0.0.9", 4);
  for (let count = 0; count < 50; count++) expect(await isLetIn("10.0.0.9")).toBe(false);
  for (let count = 0; count < 700; count++) await drop("10.0.0.9");
  expect(penalised).toHaveLength(1);
  const { most, refuseAbove } = DEFAULT_LIMITS.penalty;
  for (const { refusedForS } of room.refused) expect(refusedForS).toBeLessThanOrEqual(most - refuseAbove);
  expect(room.refused.at(-1)?.refusedForS).toBe(most - refuseAbove);
  clock.advance((most - refuseAbove) * 1_000);
  expect(await isLetIn("10.0.0.9")).toBe(true);
});
