import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { bcrypt } from "../../src/crypto/passwords-bcrypt.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { Tap } from "../support/tap.ts";

expectNothingLeft();

interface Captured {
  tap: Tap;
  payloads: (Uint8Array | string)[];
  password: string;
  tickets: Uint8Array[];
}

/** A Room and two users talk; canaries of 32 random bytes stand in payloads and the password, and tickets are noted as they are made. */
async function conversation(encryption: boolean): Promise<Captured> {
  const tap = new Tap();
  const tickets: Uint8Array[] = [];
  const random = (length: number): Uint8Array => {
    const bytes = systemRandom(length);
    if (length === 32) tickets.push(bytes.slice());
    return bytes;
  };
  const password = randomBytes(32).toString("hex");
  const room = await openRoom({ password, encryption, environment: { random } });
  const options = { encryption, room: { port: room.port, password }, environment: { dial: tap.dial } };
  const foo = await join(room, "Foo", options);
  const bar = await join(room, "Bar", options);
  const [input, output, text, free] = [
    randomBytes(32),
    randomBytes(32),
    randomBytes(32).toString("hex"),
    randomBytes(32).toString("base64"),
  ] as const;
  bar.handle("swap", () => ({ output }));
  await foo.peer("Bar").get("swap", { input: new Uint8Array(input), text });
  await bar.peer("Foo").send(free);
  return { tap, payloads: [input, output, text, free], password, tickets };
}

test("case 64: with encryption on no eight bytes of payload, password or ticket are on the wire, and none of them as hex or base64", async () => {
  const { tap, payloads, password, tickets } = await conversation(true);
  expect(tap.bytes.length).toBeGreaterThan(1_000);
  expect(tickets.length).toBeGreaterThan(0);
  for (const secret of [...payloads, password, Buffer.from(password, "hex"), ...tickets])
    expect(tap.holds(secret)).toBe(false);
  for (const secret of [...payloads, password, Buffer.from(password, "hex"), ...tickets])
    expect(partOf(tap, secret)).toBeUndefined();
});

/** Eight bytes in a row of a secret that were on the wire. */
function partOf(tap: Tap, secret: Uint8Array | string): string | undefined {
  const [bytes, captured] = [Buffer.from(secret as string), tap.bytes];
  for (let at = 0; at + 8 <= bytes.length; at++)
    if (captured.includes(bytes.subarray(at, at + 8))) return bytes.toString("hex", at, at + 8);
  return undefined;
}

test("case 63: with encryption off the payload can be read, password and tickets can't", async () => {
  const { tap, payloads, password, tickets } = await conversation(false);
  expect(tickets.length).toBeGreaterThan(0);
  for (const payload of payloads) expect(tap.holds(payload)).toBe(true);
  for (const secret of [password, Buffer.from(password, "hex"), ...tickets]) expect(tap.holds(secret)).toBe(false);
});

test.each([
  ["case 63: with encryption off", false],
  ["case 64: with encryption on", true],
])("%s nothing of a user's password, its hash, its verifier or its keys is on the wire", async (_case, encryption) => {
  const tap = new Tap();
  const password = randomBytes(32).toString("hex");
  const { Foo } = await hashPasswords({ Foo: password }, { cost: 4 });
  const setting = Foo.slice(0, 29);
  const room = await openRoom({ encryption, users: { Foo } });
  const options = { encryption, password, environment: { dial: tap.dial } };
  await join(room, "Foo", options);
  const { prsU, seed } = await new UserPassword(password, nativeEngine).keysFor(setting);
  const [hash = ""] = await bcrypt([{ password, setting }]);
  expect(tap.bytes.length).toBeGreaterThan(500);
  expect(tap.holds("Foo")).toBe(true); // in HELLO
  for (const secret of [password, Buffer.from(password, "hex"), hash.slice(29), setting, Foo.slice(29), prsU, seed]) {
    expect(tap.holds(secret)).toBe(false);
    // The setting begins with what everybody's does.
    if (secret !== setting) expect(partOf(tap, secret)).toBeUndefined();
  }
});

test("case 74: of an error that a handler throws only a code and a message of ours cross the wire: no text of it, stack, path, cause or field", async () => {
  const tap = new Tap();
  const room = await openRoom({ encryption: false });
  const options = { encryption: false, environment: { dial: tap.dial } };
  const foo = await join(room, "Foo", options);
  const bar = await join(room, "Bar", options);
  class DatabaseError extends Error {
    readonly query = "SELECT secret FROM keys";
  }
  let thrown: Error | undefined;
  bar.handle("fail", () => {
    thrown = new DatabaseError("no such file: /etc/private/keys", { cause: new TypeError("the cause behind it") });
    throw thrown;
  });
  bar.handle("nested", async () => {
    throw await foo
      .peer("Bar")
      .get("fail")
      .then(undefined, (error: unknown) => error);
  });
  for (const method of ["fail", "nested"])
    expect(await failure(foo.peer("Bar").get(method))).toMatchObject({
      code: "FAILED",
      outcome: "ran",
      data: undefined,
    });
  expect(tap.holds("FAILED")).toBe(true); // the search finds what is there
  const { stack = "" } = thrown ?? new Error("nothing was thrown");
  expect(stack).toContain(import.meta.filename);
  for (const text of [
    "/etc/private",
    "SELECT secret",
    "the cause",
    "DatabaseError",
    "no such file",
    "secrecy.test",
    "\n    at ",
    import.meta.dirname,
  ])
    expect(tap.holds(text), text).toBe(false);
});

test("the search finds what is there: a canary sent in the clear is found in every form", () => {
  const secret = randomBytes(32);
  for (const form of [
    secret,
    Buffer.from(secret.toString("hex")),
    Buffer.from(`x${secret.toString("base64")}`),
    Buffer.from(Buffer.concat([Buffer.from("ab"), secret]).toString("base64")),
  ]) {
    const tap = new Tap();
    Object.defineProperty(tap, "bytes", { value: Buffer.concat([randomBytes(100), form, randomBytes(100)]) });
    expect(tap.holds(secret)).toBe(true);
  }
});
