// When a better path to a peer is looked for.
import { expect, onTestFinished, test } from "vitest";
import { environmentWith } from "../../src/link/environment.ts";
import type { Path } from "../../src/schema/peer-types.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { Improver, type ImproverOptions } from "../../src/user/improver.ts";
import type { NoGo } from "../../src/wire/room-messages.ts";

interface Scene {
  readonly improver: Improver;
  path: Path;
  /** When it was looked, in seconds since the last time that this was asked, in so many that pass now. */
  readonly looksIn: (seconds: number) => number[];
}

/** A user that reaches a peer over that path, with waits that chance does not make shorter. */
function scene(path: Path, { name = "Bar", hasLan = false, answers = true } = {}): Scene {
  const clock = new ManualClock();
  const looks: number[] = [];
  const improver = new Improver({
    environment: { ...environmentWith({ clock }, undefined), chance: () => 1 },
    name,
    table: { sessions: ["Foo"], path: () => its.path, isOpen: () => true },
    improve: () => {
      looks.push(clock.now());
      return answers ? { hasLan } : undefined;
    },
  } as unknown as ImproverOptions);
  onTestFinished(() => improver.close());
  const looksIn = (seconds: number): number[] => {
    const from = clock.now();
    looks.length = 0;
    for (let ms = 0; ms < seconds * 1_000; ms += 100) clock.advance(100);
    return looks.map((at) => (at - from) / 1_000);
  };
  const its: Scene = { improver, path, looksIn };
  improver.moved("Foo");
  return its;
}

const noGo = (why: NoGo["why"]): NoGo => ({ type: "noGo", ticketId: new Uint8Array(16), why });
const go = { type: "go", ticketId: new Uint8Array(16), host: "192.0.2.1", port: 5_000, afterMs: 0 } as const;

test.each<Path>(["relay", "punched"])(
  "a peer that is reached over %s is looked at after 2, 4, 8 ... 60 s, and once a minute then, whatever there is to try",
  (path) => {
    expect(scene(path).looksIn(250)).toEqual([2, 6, 14, 30, 62, 122, 182, 242]);
  },
);

test("one of the two looks, the one whose name comes first", () => {
  expect(scene("relay", { name: "Zoe" }).looksIn(100)).toEqual([]);
});

test("a public path is looked at once, and again only while the two may be in one network; a lan path never", () => {
  expect(scene("public").looksIn(100)).toEqual([2]);
  expect(scene("public", { hasLan: true }).looksIn(100)).toEqual([2, 6, 14, 30, 62]);
  expect(scene("lan").looksIn(100)).toEqual([]);
});

test.each(["my mapping", "its mapping"] as const)(
  'where the Room says "%s" the next look is a minute later, and so are those after it, until it says otherwise',
  (why) => {
    const { improver, looksIn } = scene("relay");
    looksIn(0.5);
    improver.said("Foo", noGo(why)); // of the introduction by which the two met
    expect(looksIn(60)).toEqual([60]);
    expect(looksIn(0.5)).toEqual([]); // of that look nothing is known yet
    improver.said("Foo", noGo(why));
    expect(looksIn(60)).toEqual([60]);
    improver.said("Foo", go);
    expect(looksIn(80)).toEqual([60, 76]);
  },
);

test("what else the Room says of holes changes nothing: a probe that was lost is sent again", () => {
  const { improver, looksIn } = scene("relay");
  looksIn(0.5);
  improver.said("Foo", noGo("its probe"));
  expect(looksIn(10)).toEqual([1.5, 5.5]);
});

test("another network is looked at at once and soon again, whatever was hopeless in the last one", () => {
  const { improver, looksIn } = scene("relay");
  improver.said("Foo", noGo("my mapping"));
  const later = looksIn(10);
  improver.changed();
  expect([later, looksIn(15)]).toEqual([[], [4, 12]]);
});

test("a better path ends the looks, and a worse one begins them anew", () => {
  const its = scene("relay");
  improved("lan");
  expect(its.looksIn(100)).toEqual([]);
  improved("punched");
  expect(its.looksIn(10)).toEqual([2, 6]);

  function improved(path: Path): void {
    its.path = path;
    its.improver.moved("Foo");
  }
});

test("a look that can't be made now, since paths are tried still, is made soon, and does not count", () => {
  expect(scene("relay", { answers: false }).looksIn(9)).toEqual([2, 4, 6, 8]);
});
