import { expect, test } from "vitest";
import { Changes } from "../../src/base/changes.ts";
import type { Directory } from "../../src/peer/directory.ts";
import { paths } from "../../src/peer/watch.ts";
import type { Path } from "../../src/schema/peer-types.ts";

test("who has seen enough is told no more, and holds nothing", async () => {
  const changes = new Changes();
  let [listening, path]: [number, Path] = [0, "relay"];
  const directory = {
    path: () => path,
    closing: () => undefined,
    onChange: (run: () => void) => {
      listening++;
      const forget = changes.on(run);
      return () => (listening--, forget());
    },
  } as unknown as Directory;
  const aborted = new AbortController();
  const seen: unknown[] = [];
  const waiting = (async () => {
    for await (const one of paths(directory, "Bar", aborted.signal)) seen.push(one);
  })();
  for await (const one of paths(directory, "Bar", undefined)) {
    expect([one, listening]).toEqual(["relay", 2]);
    break;
  }
  expect(listening).toBe(1);
  path = "lan";
  changes.tell();
  await new Promise(setImmediate);
  aborted.abort();
  await waiting;
  expect([seen, listening]).toEqual([["relay", "lan"], 0]);
});
