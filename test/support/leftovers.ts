import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect } from "vitest";

/** Kinds of resources that a network library can leave behind. */
const KINDS = /^(TCP|Timeout|Immediate|GetAddrInfo|UDP|PipeWrap)/;

function counted(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (KINDS.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function moreThan(before: ReadonlyMap<string, number>): string[] {
  const more = [...counted()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  return more.map(([kind, count]) => `${count} ${kind}`);
}

/** After all tests of the calling file, no socket, server or holding timer is left that was not there before them. */
export function expectNothingLeft(): void {
  let before = new Map<string, number>();
  beforeAll(() => {
    before = counted();
  });
  afterAll(async () => {
    // The system takes a moment to free a socket; what is still there after a second is a leak.
    for (let round = 0; round < 40 && moreThan(before).length > 0; round++) await sleep(25);
    expect(moreThan(before)).toEqual([]);
  });
}
