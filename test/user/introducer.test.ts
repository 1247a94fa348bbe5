import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { environmentWith } from "../../src/link/environment.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { Introducer, type IntroducerOptions } from "../../src/user/introducer.ts";
import { KeptLog } from "../link/parties.ts";

const { roundMs } = DEFAULT_LIMITS.user;

test("refused identities are counted while calls wait, and forgotten with the last of them: names are others' to choose", () => {
  const clock = new ManualClock();
  let isWanted = true;
  const asked: number[] = [];
  const introducer = new Introducer({
    environment: environmentWith({ clock }, undefined),
    log: new KeptLog(),
    table: { isLinked: () => false, isWanted: () => isWanted },
    roster: { has: () => true },
    room: { link: {}, send: () => asked.push(clock.now()) },
    tickets: { add: () => true },
    mayTalk: () => true,
    isEager: false,
    absence: () => "",
  } as unknown as IntroducerOptions);
  onTestFinished(() => introducer.close());
  const waitAfterRefusal = (): number => {
    const from = clock.now();
    asked.length = 0;
    introducer.refused("Bar", "it shows none");
    for (let ms = 0; ms < 20_000 && asked.length === 0; ms += 100) clock.advance(100);
    return (asked[0] ?? Infinity) - from;
  };
  expect([waitAfterRefusal(), waitAfterRefusal()]).toEqual([2 * roundMs, 4 * roundMs]);
  isWanted = false;
  expect(waitAfterRefusal()).toBe(Infinity);
  isWanted = true;
  expect(waitAfterRefusal()).toBe(2 * roundMs);
});
