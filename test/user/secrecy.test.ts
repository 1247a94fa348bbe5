import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { bcrypt } from "../../src/crypto/passwords-bcrypt.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { join, openRoom } from "../support/rooms.ts";
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

test("cases 63 and 64: with encryption on nothing of payload, password or ticket is on the wire, raw, hex or base64", async () => {
  const { tap, payloads, password, tickets } = await conversation(true);
  expect(tap.bytes.length).toBeGreaterThan(1_000);
  expect(tickets.length).toBeGreaterThan(0);
  for (const secret of [...payloads, password, Buffer.from(password, "hex"), ...tickets])
    expect(tap.holds(secret)).toBe(false);
});

test("with encryption off the payload can be read, password and tickets can't", async () => {
  const { tap, payloads, password, tickets } = await conversation(false);
  expect(tickets.length).toBeGreaterThan(0);
  for (const payload of payloads) expect(tap.holds(payload)).toBe(true);
  for (const secret of [password, Buffer.from(password, "hex"), ...tickets]) expect(tap.holds(secret)).toBe(false);
});

test("case 63: with encryption off nothing of a user's password, its hash, its verifier or its keys is on the wire", async () => {
  const tap = new Tap();
  const password = randomBytes(32).toString("hex");
  const { Foo } = await hashPasswords({ Foo: password }, { cost: 4 });
  const setting = Foo.slice(0, 29);
  const room = await openRoom({ encryption: false, users: { Foo } });
  const options = { encryption: false, password, environment: { dial: tap.dial } };
  await join(room, "Foo", options);
  const { prsU, seed } = await new UserPassword(password, nativeEngine).keysFor(setting);
  const [hash = ""] = await bcrypt([{ password, setting }]);
  expect(tap.bytes.length).toBeGreaterThan(500);
  expect(tap.holds("Foo")).toBe(true); // in HELLO
  for (const secret of [password, Buffer.from(password, "hex"), hash.slice(29), setting, Foo.slice(29), prsU, seed])
    expect(tap.holds(secret)).toBe(false);
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
