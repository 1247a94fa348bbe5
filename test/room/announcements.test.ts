import { expect, test } from "vitest";
import type { Link } from "../../src/link/link.ts";
import { Announcements } from "../../src/room/announcements.ts";
import { RoomMember } from "../../src/room/member.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { decodeToUser } from "../../src/wire/room-messages.ts";
import { seeded, seedOfRun } from "../support/seeded.ts";

const SEED = seedOfRun();
console.log(`announcements, seed ${SEED}`);

/** A Room's members, and what each of them believes by what it was told. */
class Scene {
  readonly clock = new ManualClock();
  readonly members = new Map<string, RoomMember>();
  readonly announcements = new Announcements(this.clock, this.members);
  readonly beliefs = new Map<RoomMember, Map<string, string | undefined>>();
  readonly told: string[] = [];
  messages = 0;

  /** A program joins: its welcome holds who is here. */
  come(name: string, kind?: string): RoomMember {
    const belief = new Map([...this.members.values()].map((one) => [one.name, one.kind]));
    const link = { remoteName: name, send: ([bytes]: Uint8Array[]) => this.#hear(member, bytes as Uint8Array) };
    const join = { type: "join", kind, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" } as const;
    const member: RoomMember = new RoomMember(link as unknown as Link, join); // all that a member uses of it here
    this.beliefs.set(member, belief);
    this.members.set(name, member);
    this.announcements.came(member);
    return member;
  }

  go(name: string): void {
    const member = this.members.get(name) as RoomMember;
    this.members.delete(name);
    this.beliefs.delete(member);
    this.announcements.went(member);
  }

  #hear(member: RoomMember, bytes: Uint8Array): void {
    const message = decodeToUser(bytes);
    const belief = this.beliefs.get(member) as Map<string, string | undefined>;
    this.messages++;
    if (message.type === "gone") for (const name of message.names) belief.delete(name);
    if (message.type === "here") for (const { name, kind } of message.members) belief.set(name, kind);
    this.told.push(`${member.name}: ${JSON.stringify(message)}`);
  }

  fill(count: number): void {
    for (let at = 0; at < count; at++) this.come(`Old-${at}`);
    this.clock.advance(1_000);
    this.told.length = this.messages = 0;
  }

  /** Everybody knows exactly the others. */
  expectTrue(): void {
    const names = [...this.members.keys()].toSorted();
    for (const [member, belief] of this.beliefs) {
      expect([...belief.keys()].toSorted(), member.name).toEqual(names.filter((name) => name !== member.name));
      for (const [name, kind] of belief) expect(kind).toBe(this.members.get(name)?.kind);
    }
  }
}

test("when it is quiet, who comes and who goes is told at once", () => {
  const scene = new Scene();
  scene.fill(100);
  scene.come("Foo", "Foo");
  expect(scene.messages).toBe(100);
  scene.expectTrue();
  scene.clock.advance(11);
  scene.go("Foo");
  expect(scene.messages).toBe(200);
  scene.expectTrue();
});

test("a few members wait for nothing, however many changes there are", () => {
  const scene = new Scene();
  for (let at = 0; at < 8; at++) {
    scene.come(`User-${at}`);
    scene.expectTrue();
  }
  expect(scene.clock.pending).toBe(0);
});

test("in busy moments each member is told once in a pause of 0.1 ms per member", () => {
  const scene = new Scene();
  scene.fill(400);
  for (let at = 0; at < 80; at++) scene.come(`New-${at}`);
  for (let at = 0; at < 310; at++) scene.go(`Old-${at}`);
  expect(scene.messages).toBe(400); // the first one, at once
  scene.clock.advance(40);
  expect(scene.messages).toBe(400);
  scene.clock.advance(0.1);
  // Of 90 + 80 members each is told who went, at most 300 to a message, and, but for the last one, who came after it.
  expect(scene.messages - 400).toBe(170 * 3 - 1);
  scene.expectTrue();
  scene.clock.advance(10_000);
  expect(scene.clock.pending).toBe(0);
});

test("a name that went and came again in a pause went first, and a newcomer hears nothing older than its welcome", () => {
  const scene = new Scene();
  scene.fill(20);
  scene.come("Foo");
  scene.go("Foo");
  scene.come("Foo", "again");
  scene.come("Late");
  scene.told.length = 0;
  scene.clock.advance(10);
  expect(scene.told.filter((line) => line.startsWith("Old-0:"))).toEqual([
    `Old-0: {"type":"gone","names":["Foo"]}`,
    `Old-0: {"type":"here","members":[{"name":"Foo","kind":"again"},{"name":"Late"}]}`,
  ]);
  expect(scene.told.filter((line) => line.startsWith("Late:"))).toEqual([]);
  expect(scene.told.filter((line) => line.startsWith("Foo:"))).toEqual([
    `Foo: {"type":"here","members":[{"name":"Late"}]}`,
  ]);
  scene.expectTrue();
});

test("who is introduced in a pause is known before its ticket comes", () => {
  const scene = new Scene();
  scene.fill(20);
  scene.come("First");
  const foo = scene.come("Foo", "Foo");
  const old = scene.members.get("Old-3") as RoomMember;
  scene.told.length = 0;
  scene.announcements.mention(foo, old);
  scene.announcements.mention(old, foo);
  expect(scene.told).toEqual([`Old-3: {"type":"here","members":[{"name":"Foo","kind":"Foo"}]}`]);
  scene.clock.advance(10);
  scene.announcements.mention(foo, old);
  expect(scene.told.filter((line) => line.startsWith("Old-3:"))).toHaveLength(2);
});

test("whatever comes and goes, in the end everybody knows exactly the others", () => {
  const chance = seeded(SEED);
  const scene = new Scene();
  scene.fill(30);
  for (let step = 0; step < 1_000; step++) {
    const name = `User-${Math.floor(chance() * 60)}`;
    if (scene.members.has(name)) scene.go(name);
    else scene.come(name, chance() < 0.5 ? "Kind" : undefined);
    if (chance() < 0.3) scene.clock.advance(chance() * 8);
    if (step % 100 !== 99) continue;
    scene.clock.advance(100);
    scene.expectTrue();
  }
});

test("after close nobody is told anything, and no timer waits", () => {
  const scene = new Scene();
  scene.fill(50);
  scene.come("Foo");
  scene.come("Bar");
  scene.announcements.close();
  expect(scene.clock.pending).toBe(0);
});
