import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { report as textOf } from "../../src/cli/doctor.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { type Command, startChatroom } from "../support/chatroom.ts";
import { join as joinRoom, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

/** The port of a Room, once it is open. */
async function portOf(run: Command): Promise<number> {
  await until(() => run.out.includes("Ctrl-C"));
  return Number(/:(\d+)\./.exec(run.out)?.[1]);
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "chatroom-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test("help names every command, and a version is a version", async () => {
  const help = startChatroom(["--help"]);
  expect(await help.code).toBe(0);
  for (const word of [
    "init NAME",
    "room",
    "hash",
    "--cost",
    "identity",
    "--identity-file",
    "CHATROOM_USER_PASSWORD",
    "--users",
    "codegen",
    "--host",
    "CHATROOM_PASSWORD",
  ])
    expect(help.out).toContain(word);
  const ofRoom = startChatroom(["room", "--help"]);
  expect(await ofRoom.code).toBe(0);
  expect(ofRoom.out).toBe(help.out);
  const version = startChatroom(["--version"]);
  expect(await version.code).toBe(0);
  expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [["rooom"], 'there is no command "rooom"'],
  [["constructor"], 'there is no command "constructor"'],
  [["room", "--prot", "1"], "--prot"],
  [["room", "--port", "65536"], "from 0 to 65535"],
  [["room", "--port", "many"], "--port must be a whole number"],
  [["room", "--probe-port", "many"], "--probe-port must be a whole number"],
  [["room", "--log", "loud"], "--log must be one of"],
  [["room", "extra"], '"extra" is one word too many'],
  [["hash", "--cost", "17"], '--cost must be a whole number from 4 to 16, not "17"'],
  [["hash", "1e1"], "one word too many"],
  [["hash", "--cost", "1e1"], "--cost must be a whole number"],
  [["identity", "id-secret:x"], "one word too many"],
  [["init"], "NAME of the project is missing"],
  [["init", "Not A Name"], "can't be the name of a package"],
])("chatroom %j exits with 2 and says what is wrong", async (args, message) => {
  const run = startChatroom(args);
  expect(await run.code).toBe(2);
  expect(run.err).toContain(message);
  expect(run.err).not.toMatch(/\n\s+at /);
});

test.each(["SIGINT", "SIGTERM"] as const)("a room runs until %s, then leaves with exit code 0", async (signal) => {
  const run = startChatroom(["room", "--port", "0", "--log", "error"], {
    env: { CHATROOM_PASSWORD: "from the environment" },
  });
  const port = await portOf(run);
  const foo = await joinRoom({ port }, "Foo", { room: { password: "from the environment" }, reconnect: false });
  expect(foo.name).toBe("Foo");
  run.child.kill(signal);
  expect(await run.code).toBe(0);
});

test("a room that others can reach needs a password, taken from the environment or asked for without showing it", async () => {
  const without = startChatroom(["room", "--host", "0.0.0.0", "--port", "0"]);
  expect(await without.code).toBe(1);
  expect(without.err).toContain("CHATROOM_PASSWORD=");
  const asked = startChatroom(["room", "--port", "0", "--ask-password"], { input: "typed secretly\n" });
  await until(() => asked.out.includes("Ctrl-C"));
  expect(`${asked.out}${asked.err}`).not.toContain("typed secretly");
  asked.child.kill("SIGTERM");
  expect(await asked.code).toBe(0);
});

test("hash asks for a password, shows a verifier and nothing of the password, and a Room takes it", async () => {
  const run = startChatroom(["hash", "--cost", "4"], { input: "typed secretly\n" });
  expect(await run.code).toBe(0);
  expect(`${run.out}${run.err}`).not.toContain("typed secretly");
  expect(run.out).toMatch(/^\$2b\$04\$.{108}\n$/);
  const room = await openRoom({ users: { Foo: run.out.trim() } });
  expect((await joinRoom(room, "Foo", { password: "typed secretly" })).name).toBe("Foo");
  const none = startChatroom(["hash"], { input: "" });
  expect(await none.code).toBe(1);
  expect(none.err).toContain("no password was given");
  const long = startChatroom(["hash"], { input: `${"x".repeat(73)}\n` });
  expect(await long.code).toBe(1);
  expect(long.err).toContain("73 bytes");
});

test("a Room on the command line takes a file of users with what hash printed, and those users alone", async () => {
  const hashed = startChatroom(["hash", "--cost", "4"], { input: "typed secretly\n" });
  expect(await hashed.code).toBe(0);
  const file = join(folder(), "users.json");
  writeFileSync(file, JSON.stringify({ Foo: hashed.out.trim() }), { mode: 0o600 });
  const run = startChatroom(["room", "--port", "0", "--log", "error", "--users", file]);
  const port = await portOf(run);
  expect((await joinRoom({ port }, "Foo", { password: "typed secretly", reconnect: false })).name).toBe("Foo");
  await expect(joinRoom({ port }, "Bar", { password: "typed secretly", reconnect: false })).rejects.toThrow(/password/);
  expect(run.err).toBe("");
  chmodSync(file, 0o644);
  const open = startChatroom(["room", "--port", "0", "--log", "error", "--users", file]);
  await portOf(open);
  expect(open.err).toContain(`others can read the hashes of passwords in ${file}: chmod 600 ${file}`);
  for (const { child, code } of [run, open]) {
    child.kill("SIGTERM");
    expect(await code).toBe(0);
  }
});

test("a file of users that is missing, unreadable or none is told, and nothing of it is shown", async () => {
  const file = join(folder(), "users.json");
  const told = async (path = file): Promise<string> => {
    const run = startChatroom(["room", "--port", "0", "--users", path]);
    expect(await run.code).toBe(1);
    expect(run.out).toBe("");
    expect(run.err).not.toMatch(/\n\s+at |half of/);
    return run.err;
  };
  expect(await told()).toContain(`${file} does not exist`);
  expect(await told(join(file, ".."))).toContain("it is no file");
  for (const [text, message] of [
    ["", "must be JSON such as"],
    ['{ "Foo": "half of', "must be JSON such as"],
    ["[]", "must be JSON such as"],
    ['{ "Foo": "half of a hash" }', 'what "Foo" has is neither a verifier'],
    ['{ "Foo": 5 }', 'what "Foo" has is neither a verifier'],
    ['{ "": "x" }', "the name"],
  ] as const) {
    writeFileSync(file, text, { mode: 0o600 });
    expect(await told(), text).toContain(message);
  }
});

test("a port that is taken ends the command with 1 and names it", async () => {
  const room = await openRoom();
  const run = startChatroom(["room", "--port", String(room.port)]);
  expect(await run.code).toBe(1);
  expect(run.err).toContain(String(room.port));
});

test("init writes a project, and never over what is there", async () => {
  const cwd = folder();
  const run = startChatroom(["init", "hello"], { cwd });
  expect(await run.code).toBe(0);
  for (const file of [
    "package.json",
    "tsconfig.json",
    "README.md",
    ".gitignore",
    "schemas/Foo.ts",
    "schemas/Bar.ts",
    "src/room.ts",
    "src/foo.ts",
    "src/bar.ts",
    "src/start.ts",
  ]) {
    expect(existsSync(join(cwd, "hello", file)), file).toBe(true);
  }
  expect(JSON.parse(readFileSync(join(cwd, "hello/package.json"), "utf8"))).toMatchObject({
    name: "hello",
    type: "module",
    dependencies: { zod: expect.any(String) },
  });
  mkdirSync(join(cwd, "full"));
  writeFileSync(join(cwd, "full/mine.txt"), "mine");
  const again = startChatroom(["init", "full"], { cwd });
  expect(await again.code).toBe(1);
  expect(again.err).toContain("not empty");
  expect(readFileSync(join(cwd, "full/mine.txt"), "utf8")).toBe("mine");
});

test("codegen says what to install where it is not installed", async () => {
  const run = startChatroom(["codegen"], { cwd: folder() });
  expect(await run.code).toBe(1);
  expect(run.err).toContain("npm install --save-dev chatroom-codegen");
});

test("chatroom identity prints a private and a public text that a program takes", async () => {
  const run = startChatroom(["identity"]);
  expect(await run.code).toBe(0);
  expect(run.out).toMatch(/^id-secret:[\w-]{43}\nid:[\w-]{43}\n$/);
  expect(run.err).toContain("private");
  const [identity = "", key = ""] = run.out.split("\n");
  const room = await openRoom({ identity });
  await joinRoom(room, "Foo", { room: { identity: key } });
  expect(room.names).toEqual(["Foo"]);
});

test("chatroom identity --file keeps the private text there for its owner alone, never writes over it, and a Room shows it", async () => {
  const file = join(folder(), "room.identity");
  const made = startChatroom(["identity", "--file", file]);
  expect(await made.code).toBe(0);
  expect(made.out).toMatch(/^id:[\w-]{43}\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^id-secret:[\w-]{43}\n$/);
  const again = startChatroom(["identity", "--file", file]);
  expect(await again.code).toBe(0);
  expect(again.out).toBe(made.out);
  expect(readFileSync(file, "utf8")).toBe(text);

  chmodSync(file, 0o644);
  for (const [args, env, warns] of [
    [["--identity-file", file], {}, true],
    [[], { CHATROOM_IDENTITY: text.trim() }, false],
  ] as const) {
    const run = startChatroom(["room", "--port", "0", "--log", "info", ...args], { env });
    await until(() => run.out.includes("A Room is open"));
    expect(run.err.includes(`chmod 600 ${file}`)).toBe(warns);
    expect(run.out + run.err).not.toContain(text.slice(10, 40));
    const port = Number(/:(\d+)\. Ctrl-C/.exec(run.out)?.[1]);
    const foo = await joinRoom({ port }, "Foo", { room: { identity: made.out.trim() } });
    await foo.close();
    run.child.kill("SIGINT");
    expect(await run.code).toBe(0);
  }
});

test("an identity file that is missing or none is told, and nothing of it is shown", async () => {
  const file = join(folder(), "room.identity");
  const missing = startChatroom(["room", "--port", "0", "--identity-file", file]);
  expect(await missing.code).toBe(1);
  expect(missing.err).toContain(`npx chatroom identity --file ${file}`);
  const nowhere = startChatroom(["identity", "--file", join(file, "..", "none", "room.identity")]);
  expect(await nowhere.code).toBe(1);
  expect(nowhere.err).toContain(`make the folder ${join(file, "..", "none")}`);
  writeFileSync(file, "id-secret:half of a private text");
  for (const args of [
    ["room", "--port", "0", "--identity-file", file],
    ["identity", "--file", file],
  ]) {
    const run = startChatroom(args);
    expect(await run.code).toBe(1);
    expect(run.err).toContain("43 characters of base64url");
    expect(run.err).not.toContain("half of");
    expect(run.err).not.toMatch(/\n\s+at /);
  }
});

test("a Room goes on when whoever reads its log goes away", async () => {
  const run = startChatroom(["room", "--port", "0"]);
  await until(() => run.out.includes("A Room is open"));
  const port = Number(/:(\d+)\./.exec(run.out)?.[1]);
  run.child.stderr?.destroy();
  for (const name of ["Foo", "Bar"]) {
    const user = await joinRoom({ port }, name, { reconnect: false });
    await user.close();
  }
  expect(run.child.exitCode).toBeNull();
  run.child.kill("SIGTERM");
  expect(await run.code).toBe(0);
});

/** What the doctor prints for programs. */
interface Report {
  readonly path?: string;
  readonly findings: readonly { readonly path: string; readonly verdict: string }[];
  readonly advice: readonly string[];
  readonly status: { readonly name: string; readonly room: { readonly joined: boolean } };
}

async function examined(
  port: number,
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<{ readonly report: Report; readonly code: number | null; readonly text: string }> {
  const run = startChatroom(["doctor", "Bar", "--port", String(port), "--json", "--seconds", "1", ...args], options);
  const code = await run.code;
  return { report: JSON.parse(run.out) as Report, code, text: run.out + run.err };
}

test("the doctor joins a Room that has users with a password from the environment, or that was asked for; it is never shown", async () => {
  const users = await hashPasswords({ Doc: "typed secretly", Bar: "another one" }, { cost: 4 });
  const room = await openRoom({ users });
  await joinRoom(room, "Bar", { password: "another one" });
  const name = ["--name", "Doc"];
  for (const [args, options] of [
    [name, { env: { CHATROOM_USER_PASSWORD: "typed secretly" } }],
    [[...name, "--ask-user-password"], { input: "typed secretly\n" }],
  ] as const) {
    const { report, code, text } = await examined(room.port, args, options);
    expect([code, report.path]).toEqual([0, "lan"]);
    expect(text).not.toContain("typed secretly");
  }
  for (const env of [{}, { CHATROOM_USER_PASSWORD: "a wrong one" }]) {
    const { report, code } = await examined(room.port, name, { env });
    expect(code).toBe(1);
    expect(report.advice[0]).toMatch(/CHATROOM_USER_PASSWORD/);
  }
});

test("the doctor shows an identity, from a file, to a user that asks for one", async () => {
  const file = join(folder(), "doctor.identity");
  const made = startChatroom(["identity", "--file", file]);
  expect(await made.code).toBe(0);
  const room = await openRoom();
  await joinRoom(room, "Bar", { pins: { Doc: made.out.trim() } });
  expect((await examined(room.port, ["--name", "Doc"])).code).toBe(1);
  expect(await examined(room.port, ["--name", "Doc", "--identity-file", file])).toMatchObject({
    code: 0,
    report: { path: "lan" },
  });
});

test("for programs the doctor says in the same form that it can't join, and what to do", async () => {
  const room = await openRoom();
  await joinRoom(room, "Bar");
  const taken = await examined(room.port, ["--name", "Bar"]);
  const refused = await examined(room.port, [], { env: { CHATROOM_PASSWORD: "a wrong one" } });
  const encrypted = await examined(room.port, ["--no-encryption"]);
  await room.close();
  const gone = await examined(room.port, []);
  for (const [{ code, report }, advice] of [
    [taken, /--name/],
    [refused, /CHATROOM_PASSWORD/],
    [encrypted, /--no-encryption/],
    [gone, /start the Room, or correct --host and --port .*127\.0\.0\.1/],
  ] as const) {
    expect([code, report.path, report.status.room.joined]).toEqual([1, undefined, false]);
    expect(report.findings.map(({ verdict }) => verdict)).toEqual(["no", "no", "no", "no"]);
    expect(report.advice).toEqual([expect.stringMatching(advice)]);
  }
});

test("a Room elsewhere has a password, and the doctor says where it looks for it", async () => {
  const run = startChatroom(["doctor", "Bar", "--host", "192.0.2.1"]);
  expect(await run.code).toBe(2);
  expect(run.err).toContain("CHATROOM_PASSWORD");
});

test.each([
  [
    { seenAs: "203.0.113.7", reachable: true },
    "The Room sees this machine as 203.0.113.7, and can dial it from outside.",
  ],
  [
    { seenAs: "203.0.113.7", reachable: false },
    "The Room sees this machine as 203.0.113.7, and can't dial it from outside.",
  ],
  [
    { seenAs: "203.0.113.7", reachable: undefined },
    "The Room sees this machine as 203.0.113.7; whether it can dial it from outside is not known yet.",
  ],
  [
    { seenAs: "192.168.1.7", reachable: undefined },
    "The Room sees this machine as 192.168.1.7, where nobody outside could dial it.",
  ],
  [{ joined: false, seenAs: undefined, reachable: undefined }, "This machine is not in the Room."],
])("the doctor says how the Room sees this machine: %o", (seen, sentence) => {
  const room = { address: "room.example.org:2428", joined: true, rttMs: undefined, ...seen };
  const status = { name: "Doc", room, port: 5_000, addresses: [], peers: [] };
  const text = textOf({ peer: "Bar", path: "relay", findings: [], advice: [] }, 12, status);
  expect(text.split("\n")[1]).toBe(sentence);
});
