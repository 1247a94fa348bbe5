import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { trustOnFirstUse } from "../../src/index.ts";
import { createIdentity } from "../../src/crypto/identity.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

/** Texts that lead somewhere, were they ever taken for paths. */
const PATHS = [
  "../stolen",
  "../../stolen",
  "/tmp/stolen",
  "out/stolen",
  "./state.json",
  "..",
  "C:\\stolen",
  "file:///tmp/stolen",
  "state.json.new",
  "~/stolen",
  "%2e%2e%2fstolen",
];

test("case 78: names, kinds, methods, data and keys that look like paths are names and data: files are touched where options say, and nowhere else", async () => {
  const outside = mkdtempSync(joinPath(tmpdir(), "paths-"));
  onTestFinished(() => rmSync(outside, { recursive: true }));
  const folder = joinPath(outside, "room");
  mkdirSync(folder);
  symlinkSync(outside, joinPath(folder, "out"));
  const users = await hashPasswords(Object.fromEntries(["Foo", ...PATHS].map((name) => [name, "a password"])), {
    cost: 4,
  });
  const state = joinPath(folder, "state.json");
  const known = joinPath(folder, "known.json");
  const room = await openRoom({ users, state });
  const foo = await join(room, "Foo", { password: "a password", pins: trustOnFirstUse(known) });
  foo.handle("echo", (data) => data);
  for (const path of PATHS) {
    const user = await join(room, path, { password: "a password", identity: createIdentity().identity });
    const toFoo = user.peer("Foo");
    expect(await toFoo.get("echo", { path, [path]: path })).toEqual({ path, [path]: path });
    expect(await failure(toFoo.get(path, path))).toMatchObject({ code: "NOT_FOUND" });
    await user.close();
  }
  await expect(join(room, "nul\0", { password: "a password" })).rejects.toThrow("control character");
  await room.bans.add("1.2.3.4", { reason: "../../stolen" });
  expect(readdirSync(outside)).toEqual(["room"]);
  expect(readdirSync(folder).toSorted()).toEqual(["known.json", "out", "state.json"]);
  expect(Object.keys(JSON.parse(readFileSync(known, "utf8")) as object).toSorted()).toEqual(PATHS.toSorted());
});
