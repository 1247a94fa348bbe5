import { expect, test } from "vitest";
import { IdTable } from "../../src/base/id-table.ts";
import { dice } from "../wire/random.ts";

/** Numbers whose slots are one another's neighbours, or the same one, however large the table is: what a peer may choose. */
const CROWD: readonly number[] = crowd(700);

function crowd(count: number): number[] {
  const found: number[] = [];
  for (let id = 1; found.length < count; id++) if ((Math.imul(id, 0x9e37_79b1) >>> 15) % 4_096 < 3) found.push(id);
  return found;
}

const KINDS: readonly [name: string, id: (roll: (below: number) => number, n: number) => number][] = [
  ["in a row", (_, n) => (n % 0xffff_fffe) + 1],
  ["in a row around 2^32", (_, n) => ((n + 0xffff_ff00) >>> 0 === 0 ? 7 : (n + 0xffff_ff00) >>> 0)],
  ["a few", (roll) => roll(40) + 1],
  ["that meet", (roll) => CROWD[roll(CROWD.length)] as number],
  ["of any size", (roll) => 2 ** 31 + roll(2_000) * 65_536 + 1],
];

test.each(KINDS)(
  "numbers %s: a table holds what a Map holds, whatever is put in and taken out (seed 11)",
  (_, idOf) => {
    const roll = dice(11);
    const table = new IdTable<number>();
    const map = new Map<number, number>();
    const check = (id: number): void => {
      expect([table.get(id), table.has(id)]).toEqual([map.get(id), map.has(id)]);
    };
    for (let n = 0; n < 8_000; n++) {
      const id = idOf(roll, n);
      // At times more comes than goes, at times the other way round.
      const goes = roll(10) < (Math.floor(n / 800) % 2 === 0 ? 3 : 7);
      if (goes) {
        const gone = roll(2) === 0 ? id : ([...map.keys()][roll(Math.max(1, map.size))] ?? id);
        table.delete(gone);
        map.delete(gone);
        check(gone);
      } else {
        table.set(id, n);
        map.set(id, n);
      }
      check(id);
      expect(table.size).toBe(map.size);
      if (n % 200 !== 0) continue;
      for (const known of map.keys()) check(known);
      expect(table.values().toSorted((a, b) => a - b)).toEqual([...map.values()].toSorted((a, b) => a - b));
    }
    for (const id of map.keys()) table.delete(id);
    expect([table.size, table.values()]).toEqual([0, []]);
  },
);

test("there is no number 0, and a table that was cleared holds nothing", () => {
  const table = new IdTable<string>();
  table.set(1, "one");
  table.set(0xffff_ffff, "last");
  table.delete(0);
  expect([table.get(0), table.has(0), table.size]).toEqual([undefined, false, 2]);
  table.clear();
  expect([table.get(1), table.has(0xffff_ffff), table.size, table.values()]).toEqual([undefined, false, 0, []]);
  table.set(1, "again");
  expect(table.values()).toEqual(["again"]);
});
