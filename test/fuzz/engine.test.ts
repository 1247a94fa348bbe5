import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";

expectNothingLeft();

const run = promisify(execFile);

/** Fuzzes a parser written down here, as run.ts does with the real ones. Its folder is called src, so that its blocks count. */
async function fuzzed(
  parser: string,
  { ms = 2_000, env = {} }: { ms?: number; env?: Record<string, string> } = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const src = join(folder, "src");
  const file = join(folder, "target.mjs");
  mkdirSync(src);
  writeFileSync(join(src, "parser.mjs"), parser);
  writeFileSync(
    file,
    `import { parse } from "./src/parser.mjs";
     export const target = { samples: [new Uint8Array(12)], run: (input) => String(parse(input) ?? "nothing") };`,
  );
  const args = [
    "--conditions=chatroom-source",
    "--import",
    "tsx",
    join(import.meta.dirname, "run.ts"),
    file,
    String(ms),
    "1",
  ];
  const { stdout, stderr } = await run(process.execPath, args, {
    timeout: 60_000,
    env: { ...process.env, ...env },
  }).catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

/** Three bytes, each looked at only once the one before is right: by chance alone one input of millions. */
const NESTED = `export function parse(b) {
  if (b[3] === 0x43) { if (b[4] === 0x52) { if (b[5] === 0x50) throw new TypeError("found 1"); } }
}`;

test("a fault behind three bytes is found by the blocks that each of them opens, and its input made as small as can be", async () => {
  const told = await fuzzed(NESTED, { ms: 30_000 });
  const [, hex = ""] = /INPUT=([0-9a-f]*)/.exec(told) ?? expect.fail(told);
  expect(told).toContain("TypeError: found 1");
  expect(told).toContain("seed 1");
  expect(hex).toBe("000000435250");
  expect(await fuzzed(NESTED, { env: { INPUT: hex } })).toContain("TypeError: found 1");
  expect(await fuzzed(NESTED, { env: { INPUT: "00" } })).toContain("nothing");
}, 90_000);

test("an input that takes long is told", async () => {
  const told = await fuzzed(
    `export function parse(b) { if (b[0] > 200) for (const { user } = process.cpuUsage(); process.cpuUsage().user - user < 80_000;); }`,
  );
  expect(told).toMatch(/takes \d+ ms/);
});

test("an input that hangs is told by the one that watches", async () => {
  const told = await fuzzed(`export function parse(b) { while (b[0] === 0xff); }`, { env: { HUNG_MS: "1500" } });
  expect(told).toMatch(/an input hangs: INPUT=ff/);
}, 60_000);

test("memory that grows with the inputs is told", async () => {
  const told = await fuzzed(`const kept = []; export function parse(b) { kept.push(new Uint8Array(16_384).fill(1)); }`);
  expect(told).toMatch(/memory grew by \d+ bytes/);
});

test("an input that changes what all objects have is told", async () => {
  const told = await fuzzed(`export function parse(b) { if (b.length === 7) Object.prototype.polluted = 1; }`);
  expect(told).toContain("changes what all objects have");
});

test("nothing is told of a parser without a fault", async () => {
  expect(await fuzzed(`export function parse(b) { return b.length % 5; }`, { ms: 1_000 })).toMatch(
    /^\{"inputs":\d+,.*\}\s*$/,
  );
});
