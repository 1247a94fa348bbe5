import { expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { BanList, type BanListOptions } from "../../src/state/ban-list.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { failure } from "../support/rooms.ts";

const nth = (at: number): string => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;

/** A list in memory, its monotonic clock, and how far the wall clock was set on beyond it. */
function scene(): { bans: BanList; clock: ManualClock; wall: { jumpMs: number }; told: string[] } {
  const clock = new ManualClock();
  const wall = { jumpMs: 0 };
  const its: Clock = {
    now: () => clock.now(),
    date: () => clock.date() + wall.jumpMs,
    after: (ms, run) => clock.after(ms, run),
  };
  const told: string[] = [];
  const note: BanListOptions["note"] = (reason, { address }) => void told.push(`${reason} ${address}`);
  const bans = new BanList({ clock: its, note, keep: async (change) => change(undefined) });
  return { bans, clock, wall, told };
}

test("a ban covers its address in every notation, a subnet all of its addresses, and what is no address never", async () => {
  const { bans } = scene();
  await bans.add("::ffff:192.0.2.7");
  await bans.add("2001:db8::/32");
  for (const host of ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207", "2001:db8:1::9", "2001:db8::1%eth0"])
    expect(bans.has(host), host).toBe(true);
  for (const host of ["192.0.2.8", "2001:db9::1", "localhost", ""]) expect(bans.has(host), host).toBe(false);
  expect(bans.list().map(({ address }) => address)).toEqual(["192.0.2.7", "2001:db8::/32"]);
});

test("each entry stands for itself: lifting one leaves wider and narrower ones, adding it again replaces it", async () => {
  const { bans } = scene();
  await bans.add("10.0.0.1", { reason: "one" });
  await bans.add("10.0.0.0/8");
  await bans.add("10.0.0.1", { reason: "other" });
  expect(bans.list()).toMatchObject([{ address: "10.0.0.0/8" }, { address: "10.0.0.1", reason: "other" }]);
  expect(await bans.lift("10.0.0.1")).toBe(true);
  expect(bans.has("10.0.0.1")).toBe(true);
  expect(await bans.lift("10.0.0.1")).toBe(false);
  expect(await bans.lift("10.9.9.9/8")).toBe(true);
  expect(bans.has("10.0.0.1")).toBe(false);
});

test("each change is told once, as what it is", async () => {
  const { bans, clock, told } = scene();
  let holds = 0;
  bans.onBan = () => holds++;
  await bans.add("10.0.0.1");
  await bans.add("10.0.0.2", { seconds: 1 });
  await bans.lift("10.0.0.1");
  clock.advance(1_000);
  await bans.add("10.0.0.3");
  const changes = ["added 10.0.0.1", "added 10.0.0.2", "lifted 10.0.0.1", "added 10.0.0.3", "expired 10.0.0.2"];
  expect(told).toEqual(changes);
  expect(holds).toBe(3);
});

test("a ban ends at its time, not before", async () => {
  const { bans, clock } = scene();
  const ban = await bans.add("10.0.0.1", { seconds: 60 });
  expect((ban.until as Date).getTime() - ban.since.getTime()).toBe(60_000);
  await bans.add("10.0.0.2");
  clock.advance(59_999);
  expect(bans.has("10.0.0.1")).toBe(true);
  clock.advance(1);
  expect(bans.has("10.0.0.1")).toBe(false);
  expect(bans.list()).toMatchObject([{ address: "10.0.0.2" }]);
  expect(await bans.lift("10.0.0.1"), "it is over").toBe(false);
});

test("case 85: a wall clock that jumps back lengthens no ban of this program, also when the list is read anew; one that jumps forward ends it", async () => {
  const { bans, clock, wall } = scene();
  await bans.add("10.0.0.1", { seconds: 60 });
  wall.jumpMs = -3_600_000;
  expect(bans.has("10.0.0.1")).toBe(true);
  bans.take(bans.list());
  clock.advance(59_999);
  expect(bans.has("10.0.0.1")).toBe(true);
  await bans.add("10.0.0.3");
  clock.advance(1);
  expect(bans.has("10.0.0.1")).toBe(false);
  wall.jumpMs = 0;
  await bans.add("10.0.0.2", { seconds: 60 });
  wall.jumpMs = 61_000;
  expect(bans.has("10.0.0.2")).toBe(false);
  expect(bans.list()).toMatchObject([{ address: "10.0.0.3" }]);
});

test.each<[string, () => [unknown, object]]>([
  ["no address", () => ["nowhere", {}]],
  ["an address of another type", () => [7, {}]],
  ["a subnet that is too long", () => ["10.0.0.0/33", {}]],
  ["no time at all", () => ["10.0.0.1", { seconds: 0 }]],
  ["a time below nothing", () => ["10.0.0.1", { seconds: -1 }]],
  ["no number", () => ["10.0.0.1", { seconds: Number.NaN }]],
  ["for ever", () => ["10.0.0.1", { seconds: Infinity }]],
  ["a text as its time", () => ["10.0.0.1", { seconds: "60" }]],
  ["a reason of two lines", () => ["10.0.0.1", { reason: "one\ntwo" }]],
  ["a reason of 201 characters", () => ["10.0.0.1", { reason: "x".repeat(201) }]],
])("a ban with %s is a TypeError, and nothing changes", async (_what, given) => {
  const { bans } = scene();
  const [entry, options] = given();
  expect(await failure(bans.add(entry as string, options))).toBeInstanceOf(TypeError);
  expect(bans.list()).toEqual([]);
});

test("100,000 bans are looked up without a delay, and one more is refused", async () => {
  const { bans } = scene();
  const since = new Date(0);
  bans.take(
    Array.from({ length: 100_000 }, (_, at) => ({ address: nth(at), since, until: undefined, reason: undefined })),
  );
  const began = performance.now();
  for (let at = 0; at < 100_000; at++) if (!bans.has(nth(at))) throw new Error(nth(at));
  expect(performance.now() - began).toBeLessThan(5_000);
  expect((await failure(bans.add("192.0.2.1"))).message).toContain("100000 bans already");
  expect(bans.has("192.0.2.1")).toBe(false);
});
