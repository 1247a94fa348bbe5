/** `npm run bench -- --values`: one value encoded and decoded, without keys, describing itself, and by msgpackr; medians of rounds, in ns. */
import { Packr } from "msgpackr";
import { decodeGiven, encodeAfter } from "../src/wire/values.ts";
import { TEXT } from "./adapter.ts";
import { codecs } from "./generated/Values.codec.ts";
import { median } from "./metrics.ts";

const ROUNDS = 5;
const VALUES: Readonly<Record<string, [value: unknown, times: number]>> = {
  message: [{ text: TEXT, n: 12_345 }, 400_000],
  three: [{ id: 12, name: "Ada Lovelace", ok: true }, 400_000],
  seven: [
    {
      id: "u-1234567",
      name: "Ada Lovelace",
      tags: ["a", "bb", "ccc"],
      at: { x: 1.5, y: -3 },
      active: true,
      kind: "admin",
    },
    200_000,
  ],
  rows: [
    Array.from({ length: 200 }, (_, i) => ({ id: i * 7, name: `user number ${i}`, score: i / 3, active: i % 2 === 0 })),
    5_000,
  ],
};
const packr = new Packr({ useRecords: false });

function nsOf(work: () => unknown, times: number): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) work();
  return Number(process.hrtime.bigint() - start) / times;
}

console.log("| value | bytes | without keys | describing itself | msgpackr | x msgpackr |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [name, [value, times]] of Object.entries(VALUES)) {
  const shape = codecs[name]?.input;
  const [short, plain, packed] = [encodeAfter(0, value, shape), encodeAfter(0, value), packr.pack(value)];
  const works = [
    () => encodeAfter(0, value, shape),
    () => decodeGiven(short, 0, shape),
    () => encodeAfter(0, value),
    () => decodeGiven(plain),
    () => packr.pack(value),
    () => packr.unpack(packed) as unknown,
  ];
  const all = works.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++)
    works.forEach((work, at) => {
      const ns = nsOf(work, times);
      if (round > 0) all[at]?.push(ns);
    });
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = all.map((one) => Math.round(median(one)));
  const bytes = [short, plain, packed].map(({ length }) => length).join(", ");
  console.log(`| ${name} | ${bytes} | ${a} + ${b} | ${c} + ${d} | ${e} + ${f} | ${((e + f) / (a + b)).toFixed(2)} |`);
}
