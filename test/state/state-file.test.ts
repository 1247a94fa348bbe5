import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { Logger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { KeptState, type KeptStateOptions } from "../../src/state/kept-state.ts";
import { parseState } from "../../src/state/state.ts";
import { StateFile } from "../../src/state/state-file.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { soak } from "../support/seeded.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "chatroom-state-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

interface Told {
  readonly level: string;
  readonly message: string;
}

function logger(): { log: Logger; told: Told[] } {
  const told: Told[] = [];
  const at = (level: string) => (_fields: object, message: string) => void told.push({ level, message });
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, told };
}

async function kept(path: string | undefined, options: Partial<KeptStateOptions> & { clock?: Clock } = {}) {
  const { clock = systemClock } = options;
  const state = new KeptState({
    path,
    secret: undefined,
    environment: { clock, random: systemRandom },
    log: logger().log,
    audit: { note() {} },
    ...options,
  });
  onTestFinished(() => state.close());
  await state.begin();
  return state;
}

const files = (path: string): string[] => readdirSync(path).toSorted();

test("a first start makes the file: a secret of 32 bytes, mode 0600, nothing beside it; the next start has the same", async () => {
  const home = folder();
  const path = join(home, "room.json");
  const first = await kept(path);
  expect(first.secret).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await first.bans.add("10.0.0.0/8", { reason: "scans" });
  await first.close();
  const second = await kept(path);
  expect(second.secret).toEqual(first.secret);
  expect(second.bans.list()).toMatchObject([{ address: "10.0.0.0/8", reason: "scans", until: undefined }]);
  expect(files(home)).toEqual(["room.json"]);
});

test("a secret of the option wins and is not written; one that is there stays for later", async () => {
  const path = join(folder(), "room.json");
  expect((await kept(path, { secret: "given by the option" })).secret).toBe("given by the option");
  expect(parseState(readFileSync(path, "utf8"))).toEqual({ secret: undefined, bans: [] });
  const made = (await kept(path)).secret;
  expect((await kept(path, { secret: "given by the option" })).secret).toBe("given by the option");
  expect(parseState(readFileSync(path, "utf8")).secret).toEqual(made);
});

test("the mode and the owner of the file stay what somebody made them", async () => {
  const path = join(folder(), "room.json");
  const state = await kept(path);
  chmodSync(path, 0o640);
  const { uid, gid } = statSync(path);
  const owner = uid === 0 ? ([12_345, 23_456] as const) : ([uid, gid] as const); // root alone may give a file away
  chownSync(path, ...owner);
  await state.bans.add("10.0.0.1");
  const after = statSync(path);
  expect(after.mode & 0o777).toBe(0o640);
  expect([after.uid, after.gid]).toEqual(owner);
});

test("a path that is a link stays one: what it leads to is changed, and set aside when it is damaged", async () => {
  const [home, disk] = [folder(), folder()];
  const [path, file] = [join(home, "room.json"), join(disk, "kept.json")];
  writeFileSync(file, '{ "chatroom": 1, "bans": [] }', { mode: 0o640 });
  symlinkSync(file, path);
  const state = await kept(path);
  await state.bans.add("10.0.0.1");
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(parseState(readFileSync(file, "utf8")).bans).toHaveLength(1);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect([files(home), files(disk)]).toEqual([["room.json"], ["kept.json"]]);
  writeFileSync(file, "{");
  await kept(path);
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect([files(home), files(disk)]).toEqual([
    ["room.json"],
    ["kept.json", expect.stringMatching(/^kept\.json\.damaged-/)],
  ]);
});

test("a damaged file is told as an error, set aside under the time, and the program starts with an empty one", async () => {
  const home = folder();
  const path = join(home, "room.json");
  writeFileSync(path, '{"chatroom":1,"bans":[{"address":"10.0.0.0/8"');
  const { log, told } = logger();
  const state = await kept(path, { log, clock: new ManualClock() });
  expect(state.bans.list()).toEqual([]);
  expect(files(home)).toEqual(["room.json", "room.json.damaged-2000-01-01T00-00-00.000Z"]);
  expect(readFileSync(join(home, "room.json.damaged-2000-01-01T00-00-00.000Z"), "utf8")).toContain("10.0.0.0/8");
  expect(told.filter(({ level }) => level === "error")).toEqual([
    { level: "error", message: expect.stringMatching(/room\.json is damaged: it is no JSON.*kept as .*damaged-/) },
  ]);
});

test.each<[string, (home: string) => string, RegExp]>([
  ["in a folder that is missing", (home) => join(home, "none", "room.json"), /ENOENT.*make the folder .*none/],
  ["that is a folder", (home) => home, /EISDIR.*it is no file/],
  [
    "below a file",
    (home) => (writeFileSync(join(home, "file"), ""), join(home, "file", "room.json")),
    /make the folder/,
  ],
])("a state file %s is an error at the start that says what to do", async (_what, place, message) => {
  const home = folder();
  const path = place(home);
  const error = await failure(kept(path));
  expect(error.message).toContain(path);
  expect(error.message).toMatch(message);
});

test("a file that this program may not read, or a folder that it may not write in, is an error that says so", async () => {
  if (process.getuid?.() !== 0) {
    const path = join(folder(), "room.json");
    writeFileSync(path, "{}", { mode: 0 });
    expect((await failure(kept(path))).message).toMatch(/EACCES.*let this program's user/);
    return;
  }
  // Root may do anything; a system's own read-only folder refuses it too.
  expect((await failure(kept("/proc/room.json"))).message).toMatch(
    /the state file \/proc\/room.json can't be used \(E/,
  );
});

test.each(["", 7, {}])("the path %j is none", async (path) => {
  expect(await failure(kept(path as string))).toBeInstanceOf(TypeError);
});

test("a hundred changes at once, of three programs' views of one file: none is lost", async () => {
  const home = folder();
  const path = join(home, "room.json");
  const [one, two, three] = [await kept(path), await kept(path), await kept(path)];
  const view = (at: number): KeptState => [one, two, three][at % 3] as KeptState;
  const all = Array.from({ length: 100 }, (_, at) => `10.0.0.${at}`);
  await Promise.all(all.map((address, at) => view(at).bans.add(address)));
  const found = parseState(readFileSync(path, "utf8")).bans.map(({ address }) => address);
  expect(found.toSorted()).toEqual(all.toSorted());
  const lifted = await Promise.all(all.map((address, at) => view(at + 1).bans.lift(address)));
  expect(lifted).toEqual(all.map(() => true));
  expect(parseState(readFileSync(path, "utf8")).bans).toEqual([]);
  expect(files(home)).toEqual(["room.json"]);
});

test("processes that change one file at the same time lose nothing of each other", async () => {
  const path = join(folder(), "room.json");
  await kept(path);
  const main = resolve(import.meta.dirname, "../../src/state/kept-state.ts");
  const script = `
    const { KeptState } = await import(${JSON.stringify(main)});
    const { systemClock } = await import(${JSON.stringify(main.replace("state/kept-state", "base/clock"))});
    const { systemRandom } = await import(${JSON.stringify(main.replace("state/kept-state", "base/random"))});
    const none = () => {};
    const log = { debug: none, info: none, warn: none, error: none };
    const environment = { clock: systemClock, random: systemRandom };
    const audit = { note: none };
    const state = new KeptState({ path: ${JSON.stringify(path)}, secret: undefined, environment, log, audit });
    await state.begin();
    for (let at = 0; at < 20; at++) await state.bans.add("10." + process.argv[1] + ".0." + at);
    await state.close();`;
  const runs = [1, 2, 3].map((number) => {
    const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", script, String(number)];
    return spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  });
  const codes = await Promise.all(runs.map(async (run) => (await once(run, "close"))[0] as number));
  expect(codes).toEqual([0, 0, 0]);
  expect(parseState(readFileSync(path, "utf8")).bans).toHaveLength(60);
});

test("a lock of a program that died is taken away after 10 s of its time, a younger one is waited for", async () => {
  const home = folder();
  const path = join(home, "room.json");
  const state = await kept(path);
  const lock = `${path}.lock`;
  writeFileSync(lock, "half a f");
  let isWritten = false;
  const adding = state.bans.add("10.0.0.1").then(() => (isWritten = true));
  await new Promise((done) => setTimeout(done, 100));
  expect(isWritten).toBe(false);
  expect(readFileSync(lock, "utf8")).toBe("half a f");
  utimesSync(lock, new Date(Date.now() - 11_000), new Date(Date.now() - 11_000));
  await adding;
  expect(state.bans.list()).toHaveLength(1);
  expect(files(home)).toEqual(["room.json"]);
});

test("who lost its lock while it stood still writes nothing, and tries again", async () => {
  const path = join(folder(), "room.json");
  const options = { clock: systemClock, random: systemRandom, log: logger().log };
  const slow = new StateFile(path, options);
  let calls = 0;
  await slow.update((state) => {
    calls++;
    if (calls === 1) {
      rmSync(`${path}.lock`); // as if it were stale
      writeFileSync(path, '{"chatroom":1,"bans":[{"address":"10.0.0.7","since":"2026-01-31T12:00:00.000Z"}]}');
    }
    return state ?? { secret: undefined, bans: [] };
  });
  expect(calls).toBe(2);
  expect(parseState(readFileSync(path, "utf8")).bans).toHaveLength(1);
});

test("what fails on the way leaves the file as it was, and no lock", async () => {
  const home = folder();
  const path = join(home, "room.json");
  const state = await kept(path);
  await state.bans.add("10.0.0.1");
  const before = readFileSync(path, "utf8");
  const file = new StateFile(path, { clock: systemClock, random: systemRandom, log: logger().log });
  const error = await failure(
    file.update(() => {
      throw new Error("changed its mind");
    }),
  );
  expect(error.message).toBe("changed its mind");
  rmSync(path);
  mkdirSync(path);
  expect((await failure(state.bans.add("10.0.0.2"))).message).toContain("EISDIR");
  expect(state.bans.list()).toHaveLength(1);
  rmSync(path, { recursive: true });
  writeFileSync(path, before);
  await state.bans.add("10.0.0.3");
  expect(parseState(readFileSync(path, "utf8")).bans).toHaveLength(2);
  expect(files(home)).toEqual(["room.json"]);
});

test("a change of the file by somebody else holds within 2 s, also one that lifts", async () => {
  const path = join(folder(), "room.json");
  const clock = new ManualClock();
  const state = await kept(path, { clock });
  let changes = 0;
  state.bans.onBan = () => changes++;
  const other = await kept(path);
  await other.bans.add("10.0.0.0/8");
  expect(state.bans.has("10.1.1.1")).toBe(false);
  clock.advance(1_000);
  await until(() => state.bans.has("10.1.1.1"));
  expect(changes).toBe(1);
  await other.bans.lift("10.0.0.0/8");
  await until(() => clock.pending > 0);
  clock.advance(1_000);
  await until(() => !state.bans.has("10.1.1.1"));
});

test("a file that is damaged or removed while the program runs changes nothing; the next change makes it whole", async () => {
  const home = folder();
  const path = join(home, "room.json");
  const clock = new ManualClock();
  const { log, told } = logger();
  const state = await kept(path, { clock, log });
  const errors = (): number => told.filter(({ level }) => level === "error").length;
  const look = async (): Promise<void> => {
    await until(() => clock.pending > 0);
    clock.advance(1_000);
    await until(() => clock.pending > 0);
  };
  await state.bans.add("10.0.0.1");
  writeFileSync(path, '{"chatroom":1,');
  await look();
  expect(errors(), "it may be half written").toBe(0);
  for (let times = 0; times < 3; times++) await look();
  expect(errors(), "told once").toBe(1);
  expect(state.bans.has("10.0.0.1")).toBe(true);
  rmSync(path);
  await look();
  expect(state.bans.has("10.0.0.1")).toBe(true);
  await state.bans.add("10.0.0.2");
  expect(parseState(readFileSync(path, "utf8"))).toMatchObject({ secret: state.secret, bans: [{}, {}] });
  writeFileSync(path, "damaged again");
  await state.bans.lift("10.0.0.1");
  expect(parseState(readFileSync(path, "utf8")).bans).toMatchObject([{ address: "10.0.0.2" }]);
  expect(files(home).filter((file) => file.includes("damaged"))).toHaveLength(1);
});

test("what a program wrote itself it does not read again for the next change; what somebody else wrote it does", async () => {
  const path = join(folder(), "room.json");
  const [one, other] = [await kept(path), await kept(path)];
  await one.bans.add("10.0.0.1");
  const parse = vi.spyOn(JSON, "parse");
  const print = vi.spyOn(JSON, "stringify");
  try {
    await one.bans.add("10.0.0.2");
    await one.bans.add("10.0.0.3");
    expect(parse).not.toHaveBeenCalled();
    expect(print, "the new ones alone").toHaveBeenCalledTimes(2);
    await other.bans.add("10.0.0.4");
    await one.bans.add("10.0.0.5");
    expect(parse).toHaveBeenCalled();
  } finally {
    parse.mockRestore();
    print.mockRestore();
  }
  const addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"];
  expect(parseState(readFileSync(path, "utf8")).bans.map(({ address }) => address)).toEqual(addresses);
  expect(one.bans.list().map(({ address }) => address)).toEqual(addresses);
});

test("a program that closes while it looks at the file takes nothing more from it", async () => {
  const path = join(folder(), "room.json");
  const clock = new ManualClock();
  const state = await kept(path, { clock });
  const other = await kept(path);
  await other.bans.add("10.0.0.0/8");
  clock.advance(1_000);
  await state.close();
  expect(state.bans.list()).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("a folder that goes away while the program runs is told once; after closing nothing looks", async () => {
  const home = join(folder(), "home");
  mkdirSync(home);
  const clock = new ManualClock();
  const { log, told } = logger();
  const state = await kept(join(home, "room.json"), { clock, log });
  rmSync(home, { recursive: true });
  writeFileSync(home, "");
  for (let times = 0; times < 3; times++) {
    clock.advance(1_000);
    await until(() => clock.pending > 0);
  }
  expect(told.filter(({ level }) => level === "error")).toMatchObject([
    { message: expect.stringMatching(/ENOTDIR.*make the folder.*the bans that were known go on/) },
  ]);
  await state.close();
  expect(clock.pending).toBe(0);
});

test("without a path nothing touches the disk", async () => {
  const state = await kept(undefined);
  await state.bans.add("10.0.0.1");
  expect(state.secret).toBeUndefined();
  expect(await state.bans.lift("10.0.0.2")).toBe(false);
  expect(existsSync("undefined")).toBe(false);
});

test("a writer that is killed at any moment leaves a whole file, and the next one goes on", {
  timeout: 60_000,
}, async () => {
  const home = folder();
  const path = join(home, "room.json");
  const main = resolve(import.meta.dirname, "../../src/state/state-file.ts");
  const script = `
    const { StateFile } = await import(${JSON.stringify(main)});
    const { systemClock } = await import(${JSON.stringify(main.replace("state/state-file", "base/clock"))});
    const { systemRandom } = await import(${JSON.stringify(main.replace("state/state-file", "base/random"))});
    const none = () => {};
    const file = new StateFile(${JSON.stringify(path)}, {
      clock: systemClock, random: systemRandom, log: { debug: none, info: none, warn: none, error: none },
    });
    process.stdout.write("on");
    for (let at = 0; ; at++) {
      await file.update((state) => ({ secret: undefined, bans: [...(state?.bans ?? []).slice(-200), { address: "10.0.0." + (at % 250), since: new Date() }] }));
    }`;
  const kills = soak(4);
  for (let kill = 0; kill < kills; kill++) {
    const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", script];
    const run = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(run.stdout, "data");
    await new Promise((done) => setTimeout(done, 20 + ((7 * kill) % 100)));
    run.kill("SIGKILL");
    await once(run, "close");
    if (existsSync(path)) expect(() => parseState(readFileSync(path, "utf8"))).not.toThrow();
    // As if the time of a stale lock had passed.
    if (existsSync(`${path}.lock`)) utimesSync(`${path}.lock`, new Date(0), new Date(0));
  }
  const { log, told } = logger();
  const state = await kept(path, { log });
  await state.bans.add("192.0.2.1");
  expect(told.filter(({ level }) => level === "error")).toEqual([]);
  expect(parseState(readFileSync(path, "utf8")).bans.at(-1)).toMatchObject({ address: "192.0.2.1" });
  expect(files(home)).toEqual(["room.json"]);
});
