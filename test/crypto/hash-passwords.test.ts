import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { bcrypt } from "../../src/crypto/passwords-bcrypt.ts";
import { prepareUserPassword } from "../../src/crypto/passwords.ts";
import { settingOf } from "../../src/crypto/passwords-setting.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import { parseEntry } from "../../src/crypto/verifier.ts";
import { toHex } from "../vectors/load.ts";

const setting = (cost: number, fill = 1): string => settingOf(cost, new Uint8Array(16).fill(fill));

test("a table of verifiers is what its passwords derive, each with a salt of its own", async () => {
  const table = await hashPasswords({ Foo: "123456", Bar: "123456", ["__proto__"]: "odd" }, { cost: 4 });
  expect(Object.keys(table)).toEqual(["Foo", "Bar", "__proto__"]);
  expect(table.Foo).toMatch(/^\$2b\$04\$.{108}$/);
  expect(table.Foo.slice(0, 29)).not.toBe(table.Bar.slice(0, 29));
  const entry = parseEntry(nativeEngine, table.Foo);
  const keys = await new UserPassword("123456", nativeEngine).keysFor(table.Foo.slice(0, 29));
  expect(entry && toHex(entry.prsU)).toBe(toHex(keys.prsU));
  expect(entry && toHex(entry.P)).toBe(toHex(nativeEngine.ed25519PublicKey(keys.seed)));
  expect((await hashPasswords({ Foo: "x" })).Foo).toMatch(/^\$2b\$10\$/);
  expect(await hashPasswords({})).toEqual({});
});

test("case 38: a password of 73 bytes is refused, not cut, and the refusal names its user", async () => {
  expect(prepareUserPassword("x".repeat(72))).toBe("x".repeat(72));
  expect(() => prepareUserPassword("x".repeat(73))).toThrow("takes 73 bytes in UTF-8, more than 72");
  expect(() => prepareUserPassword("\u00e4".repeat(37))).toThrow("74 bytes");
  expect(() => new UserPassword("x".repeat(73), nativeEngine)).toThrow("73 bytes");
  await expect(hashPasswords({ Foo: "ok", Bar: "x".repeat(73) })).rejects.toMatchObject({
    code: "ERR_PARAM",
    message: 'the user "Bar": the password takes 73 bytes in UTF-8, more than 72',
  });
  await expect(hashPasswords({ Foo: "" })).rejects.toThrow("the password is empty");
  await expect(hashPasswords({ Foo: "x" }, { cost: 3 })).rejects.toThrow("from 4 to 16, not 3");
  await expect(hashPasswords({}, { cost: 99 })).rejects.toThrow("from 4 to 16, not 99");
});

test("the keys of a setting are derived once, and never more than eight are kept", async () => {
  const password = new UserPassword("p\u00e4ss", nativeEngine);
  const first = await password.keysFor(setting(4, 1));
  expect(await password.keysFor(setting(4, 1))).toBe(first);
  for (let fill = 2; fill <= 9; fill++) await password.keysFor(setting(4, fill));
  const again = await password.keysFor(setting(4, 1));
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

test("the event loop turns while bcrypt runs", async () => {
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  turn();
  // On the event loop itself there would be no turn between this call and its end.
  await bcrypt([{ password: "x", setting: setting(10) }]);
  isDone = true;
  expect(turns).toBeGreaterThan(100);
});

test("what is not wanted any more ends at once, whether it runs or waits for its turn", async () => {
  const stop = new AbortController();
  const reason = new Error("given up");
  const long = Array.from({ length: 6 }, () => bcrypt([{ password: "x", setting: setting(16) }], stop.signal));
  stop.abort(reason);
  expect(await Promise.allSettled(long)).toEqual(long.map(() => ({ status: "rejected", reason })));
  await expect(bcrypt([{ password: "x", setting: setting(4) }], stop.signal)).rejects.toBe(reason);
  // The places are free again.
  expect(await bcrypt([{ password: "x", setting: setting(4) }])).toHaveLength(1);
});

test("a program with nothing else to do waits for its hashes, and then ends by itself", async () => {
  const source = resolve(import.meta.dirname, "../../src/crypto/hash-passwords.ts");
  const program = `import { hashPasswords } from ${JSON.stringify(source)};
    const { Foo } = await hashPasswords({ Foo: "x" }, { cost: 6 });
    console.log(Foo.length);`;
  const child = spawn(process.execPath, [
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "--eval",
    program,
  ]);
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  expect([out, code]).toEqual(["115\n", 0]);
});
