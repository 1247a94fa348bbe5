import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bans } from "../../src/cli/bans.ts";
import { parseState } from "../../src/state/state.ts";
import { runChatroom, startChatroom } from "../support/chatroom.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "chatroom-cli-bans-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

const EMPTY = '{ "chatroom": 1, "bans": [] }';

test("a room command with --state makes the file, and bans edits it without touching the secret", async () => {
  const file = join(folder(), "room.json");
  const run = startChatroom(["room", "--port", "0", "--log", "error", "--state", file]);
  await until(() => run.out.includes("Ctrl-C"));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { secret } = parseState(readFileSync(file, "utf8"));
  expect(secret).toHaveLength(32);
  const added = await runChatroom("bans", "add", "2001:DB8::/32", "--state", file);
  expect(added).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Banned: 2001:db8::\/32 .*until it is lifted\n$/),
  });
  expect(parseState(readFileSync(file, "utf8"))).toMatchObject({ secret, bans: [{ address: "2001:db8::/32" }] });
  run.child.kill("SIGTERM");
  expect(await run.code).toBe(0);
});

test.each<[readonly string[], string, string]>([
  [["bans"], "UsageError", "one of the words list, add and lift"],
  [["bans", "ad"], "UsageError", 'not "ad"'],
  [["bans", "list"], "UsageError", "--state FILE is missing"],
  [["bans", "add", "--state", "FILE"], "UsageError", "the ADDRESS to ban is missing"],
  [["bans", "add", "nowhere", "--state", "FILE"], "UsageError", '"nowhere" is neither an IP address nor a subnet'],
  [
    ["bans", "add", "10.0.0.1", "--seconds", "soon", "--state", "FILE"],
    "UsageError",
    '--seconds must be a number above 0, not "soon"',
  ],
  [["bans", "add", "10.0.0.1", "--seconds", "0", "--state", "FILE"], "UsageError", "must be above 0"],
  [
    ["bans", "add", "10.0.0.1", "--reason", "two\nlines", "--state", "FILE"],
    "UsageError",
    "control or invisible character",
  ],
  [["bans", "lift", "nowhere", "--state", "FILE"], "UsageError", '"nowhere" is neither'],
  [["bans", "lift", "10.0.0.1", "--state", "FILE"], "Error", "10.0.0.1 is not banned"],
  [["bans", "list", "--state", "FILE.none"], "Error", "there is no state file"],
  [["bans", "add", "10.0.0.1", "--state", "FILE.none"], "Error", "a Room makes it when it starts with --state"],
  [["bans", "list", "--state", "FILE/x/y"], "Error", "can't be used (ENOTDIR)"],
])("chatroom %j is a %s and says what is wrong, and nothing changes", async (args, name, message) => {
  const home = folder();
  const file = join(home, "room.json");
  writeFileSync(file, EMPTY);
  const [, ...words] = args.map((arg) => arg.replace("FILE", file));
  const error = await failure(bans(words));
  expect(error.name).toBe(name);
  expect(error.message).toContain(message);
  expect(readFileSync(file, "utf8")).toBe(EMPTY);
  expect(readdirSync(home)).toEqual(["room.json"]);
});

test("to lift a part of what is banned names the entry that covers it; an entry that is over is gone", async () => {
  const file = join(folder(), "room.json");
  const over = { address: "10.9.9.9", since: "2020-01-01T00:00:00.000Z", until: "2020-01-01T00:01:00.000Z" };
  writeFileSync(file, JSON.stringify({ chatroom: 1, bans: [over] }));
  expect((await runChatroom("bans", "list", "--state", file)).out).toBe("Nobody is banned.\n");
  expect(await runChatroom("bans", "lift", "10.9.9.9", "--state", file)).toMatchObject({ code: 1 });
  expect((await runChatroom("bans", "add", "10.0.0.0/8", "--state", file)).code).toBe(0);
  const part = await runChatroom("bans", "lift", "10.1.1.1", "--state", file);
  expect(part).toMatchObject({ code: 1, err: expect.stringContaining("as part of 10.0.0.0/8: lift that one") });
  expect((await runChatroom("bans", "lift", "10.1.1.1/8", "--state", file)).code).toBe(0);
  expect(parseState(readFileSync(file, "utf8")).bans).toEqual([]);
});

test("a damaged file is an error that names what is wrong, and is left as it is", async () => {
  const file = join(folder(), "room.json");
  writeFileSync(file, '{ "chatroom": 1, "bans": [{}] }');
  for (const words of [["list"], ["add", "10.0.0.1"]]) {
    const { message } = await failure(bans([...words, "--state", file]));
    expect(message).toContain("address of ban 1");
    expect(message).toContain(`the state file ${file} is damaged`);
    expect(message).toContain("restart the Room");
  }
  expect(readFileSync(file, "utf8")).toBe('{ "chatroom": 1, "bans": [{}] }');
  expect(existsSync(`${file}.lock`)).toBe(false);
});
