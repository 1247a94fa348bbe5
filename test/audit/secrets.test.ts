import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { inspect, stripVTControlCharacters } from "node:util";
import { Client, createIdentity, hashPasswords, type LogOption, Room, Server, User } from "chatroom";
import { MemoryNetwork, memoryEnvironment } from "chatroom/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { dialLink } from "../../src/link/dial.ts";
import { environmentWith } from "../../src/link/environment.ts";
import { dialHonestly, LinkEar } from "../link/parties.ts";
import { RawPeer } from "../link/raw-peer.ts";
import { until } from "../support/until.ts";

const PASSWORDS = {
  room: "canary-of-the-room-3f9a51",
  wrongRoom: "canary-of-a-guess-77aa02",
  user: "canary-of-the-user-b60c18",
  wrongUser: "canary-of-a-slip-19de44",
  server: "canary-of-the-server-c5512e",
  secret: "canary-of-made-up-salts-0a7be9",
  payload: "canary-of-a-payload-e8f1d3",
  free: "canary-of-a-free-message-6b2290",
  meta: "canary-of-meta-a4c7f5",
  state: "canary-of-a-state-file-f00d42aa",
};

/** Every secret that comes about while the programs run: random bytes, keys, hashes. Each is copied before it is wiped. */
class Canaries {
  readonly bytes = new Map<string, Uint8Array>();
  readonly texts = new Set<string>(Object.values(PASSWORDS));
  readonly engine: Engine = {
    ...nativeEngine,
    sha512: (...parts) => this.#keep(nativeEngine.sha512(...parts)),
    hmacSha512: (key, ...parts) => this.#keep(nativeEngine.hmacSha512(key, ...parts)),
    aead: (suite, key) => nativeEngine.aead(suite, this.#keep(key)),
    bcrypt: async (jobs, signal) => {
      const hashes = await nativeEngine.bcrypt(jobs, signal);
      for (const hash of hashes) this.texts.add(hash);
      return hashes;
    },
  };

  /** Tickets, tokens, session keys and scalars have 32 bytes; ids and nonces, which are told, have fewer. */
  readonly random = (length: number): Uint8Array => {
    const bytes = systemRandom(length);
    return length < 32 ? bytes : this.#keep(bytes);
  };

  #keep(bytes: Uint8Array): Uint8Array {
    this.bytes.set(Buffer.from(bytes).toString("hex"), bytes.slice());
    return bytes;
  }

  /** The secrets that a text holds, in any form that a logger or a careless message might give them. */
  foundIn(text: string): string[] {
    const found: string[] = [];
    const all = [...this.bytes.values(), ...[...this.texts].map((one) => Buffer.from(one))];
    for (const secret of all) {
      const bytes = Buffer.from(secret);
      const start = bytes.subarray(0, 12); // what a printer that cuts would still show
      const forms = [
        bytes.toString("latin1"),
        bytes.toString("utf8"),
        start.toString("hex"),
        start.toString("hex").toUpperCase(),
        start.toString("base64"),
        start.toString("base64url"),
        [...start].join(","),
        [...start].join(", "),
        (start.toString("hex").match(/../g) ?? []).join(" "),
      ];
      if (forms.some((form) => text.includes(form))) found.push(bytes.toString("hex"));
    }
    return found;
  }
}

/** Everything in a value that a logger could write: fields deeply, messages, stacks, causes. */
function everything(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (seen.has(value)) return "";
  seen.add(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  const parts = [inspect(value, { depth: 10, showHidden: true, maxArrayLength: null, maxStringLength: null })];
  for (const key of Reflect.ownKeys(value)) parts.push(String(key), everything(Reflect.get(value, key), seen));
  if (value instanceof Error) parts.push(value.message, String(value.stack), everything(value.cause, seen));
  return parts.join("\n");
}

/** Runs something that fails; gives all that its error says. */
async function failing(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    return everything(error);
  }
  throw new Error("it should have failed");
}

/** Logins, calls and faults of all kinds. Gives what the errors say that programs saw. */
async function aDay(log: LogOption, canaries: Canaries): Promise<string[]> {
  const errors: string[] = [];
  const network = new MemoryNetwork();
  const { engine, random } = canaries;
  const environment = environmentWith({ ...memoryEnvironment(network), engine, random });
  const folder = mkdtempSync(joinPath(tmpdir(), "chatroom-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const state = joinPath(folder, "room.json");
  writeFileSync(state, `{"version":1,"secret":"${PASSWORDS.state}","bans":[{]}`); // damaged
  const ids = [createIdentity(), createIdentity(), createIdentity()] as const;
  for (const { identity } of ids) canaries.texts.add(identity).add(identity.split(":")[1] ?? identity);
  const users = await hashPasswords({ Foo: PASSWORDS.user, Bar: PASSWORDS.user }, { cost: 4 });
  for (const entry of Object.values(users)) canaries.texts.add(entry.slice(29));

  const room = await Room.open({
    log,
    environment,
    host: "127.0.0.1",
    port: 2_428,
    password: PASSWORDS.room,
    users,
    secret: PASSWORDS.secret,
    state,
    identity: ids[0].identity,
    limits: { penalty: { refuseAbove: 1_000 } },
  });
  const at = { host: "127.0.0.1", port: 2_428, password: PASSWORDS.room };
  const join = (name: string, options: object = {}): Promise<User> =>
    User.join(name, { log, environment, room: at, password: PASSWORDS.user, reconnect: false, ...options });

  // Successes: logins, calls, free messages, an identity on both sides, a session that comes back by its key.
  const foo = await join("Foo", { identity: ids[1].identity, pins: { Bar: ids[2].key } });
  const bar = await join("Bar", { identity: ids[2].identity, pins: { Foo: ids[1].key }, reconnect: true });
  bar.handle("echo", (data) => data);
  bar.handle("fail", () => {
    throw new Error("on purpose");
  });
  const options = { meta: { token: PASSWORDS.meta } };
  expect(await foo.peer("Bar").get("echo", { text: PASSWORDS.payload }, options)).toEqual({ text: PASSWORDS.payload });
  await foo.peer("Bar").send(PASSWORDS.free);
  errors.push(await failing(() => foo.peer("Bar").get("fail", PASSWORDS.payload, options)));
  errors.push(await failing(() => foo.peer("Bar").get("missing", PASSWORDS.payload, options)));
  network.cut();
  expect(await foo.peer("Bar").get("echo", PASSWORDS.payload)).toBe(PASSWORDS.payload);

  // Failures: wrong passwords of both kinds, unknown names, settings, identities, garbage.
  const wrong = { ...at, password: PASSWORDS.wrongRoom };
  errors.push(await failing(() => join("Baz", { room: wrong })));
  errors.push(await failing(() => join("Foo", { password: PASSWORDS.wrongUser })));
  errors.push(await failing(() => join("Nobody", { password: PASSWORDS.wrongUser })));
  errors.push(await failing(() => join("Foo", { encryption: false })));
  errors.push(await failing(() => join("Foo", { password: undefined })));
  errors.push(await failing(() => join("Foo", { room: { ...at, identity: ids[1].key } })));
  errors.push(await failing(() => join("Foo", { room: { ...at, identity: ids[1].identity } })));
  errors.push(await failing(() => join("Foo", { identity: ids[1].key })));
  errors.push(await failing(() => join("Foo", { identity: `${ids[1].identity}x` })));
  errors.push(await failing(() => join("Foo", { pins: { Bar: ids[2].identity } })));
  errors.push(await failing(() => join("Foo", { password: `${PASSWORDS.user}${"x".repeat(72)}` })));
  const broken = { Foo: `${users.Foo}x` };
  errors.push(await failing(() => Room.open({ log, environment, port: 0, users: broken })));
  errors.push(
    await failing(() => Room.open({ log, environment, port: 0, users, secret: PASSWORDS.secret.slice(0, 15) })),
  );
  canaries.texts.add(PASSWORDS.secret.slice(0, 15));
  const raw = new RawPeer(await environment.dial({ host: "127.0.0.1", port: 2_428 }));
  raw.write(new TextEncoder().encode(PASSWORDS.wrongRoom));
  await raw.untilEnded();

  // A Room without users, where a member says nonsense in a box and out of one.
  const open = await Room.open({ log, environment, host: "127.0.0.1", port: 2_438, password: PASSWORDS.room });
  for (const isBoxed of [true, false]) {
    const pipe = await environment.dial({ host: "127.0.0.1", port: 2_438 });
    const link = await dialHonestly(pipe, {
      password: PASSWORDS.room,
      engine,
      random,
    });
    const ear = new LinkEar();
    link.start(ear);
    const payload = new TextEncoder().encode(PASSWORDS.payload);
    if (isBoxed) link.sendSealed(payload);
    else link.send([payload]);
    await until(() => ear.ends.length > 0);
    errors.push(everything(ear.ends));
  }

  // A server and a client.
  const server = await Server.listen({
    log,
    environment,
    host: "127.0.0.1",
    port: 3_000,
    password: PASSWORDS.server,
    users,
  });
  server.handle("echo", (data) => data);
  const client = await Client.open("Foo", { log, environment, password: PASSWORDS.user });
  const there = { host: "127.0.0.1", port: 3_000, reconnect: false };
  const peer = await client.connect("Server", { ...there, password: PASSWORDS.server });
  expect(await peer.get("echo", PASSWORDS.payload, options)).toBe(PASSWORDS.payload);
  errors.push(await failing(() => client.connect("Other", { ...there, password: PASSWORDS.wrongRoom })));
  const secret = passwordSecret(PASSWORDS.server, 2, engine);
  const strange = await environment.dial({ host: "127.0.0.1", port: 3_000 });
  const handshake = {
    engine,
    random,
    purpose: 2,
    name: "Bar",
    peerName: "",
    encryption: true,
    secret,
    suites: [2, 1],
  } as const;
  errors.push(
    await failing(() =>
      dialLink(strange, { clock: environment.clock, log: { debug() {}, info() {}, warn() {}, error() {} }, handshake }),
    ),
  );

  await client.close();
  await server.close();
  await foo.close();
  await bar.close();
  await open.close();
  await room.close();
  return errors;
}

test("no secret is in a log at level debug, nor in an error, whatever succeeds and fails: a logger of one's own", async () => {
  const canaries = new Canaries();
  const lines: string[] = [];
  const keep = (fields: object, message: string): void => void lines.push(message, everything(fields));
  const errors = await aDay({ debug: keep, info: keep, warn: keep, error: keep }, canaries);
  expect(lines.length).toBeGreaterThan(60);
  expect(canaries.bytes.size).toBeGreaterThan(200);
  expect(canaries.foundIn(lines.join("\n"))).toEqual([]);
  expect(canaries.foundIn(errors.join("\n"))).toEqual([]);
});

test("no secret is in what the built-in logger writes at level debug", async () => {
  const canaries = new Canaries();
  let text = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await aDay("debug", canaries);
  } finally {
    spy.mockRestore();
  }
  expect(text.split("\n").length).toBeGreaterThan(30);
  expect(canaries.foundIn(stripVTControlCharacters(text))).toEqual([]);
});

test("what looks for secrets finds them in every form", () => {
  const canaries = new Canaries();
  const secret = canaries.random(32);
  for (const leak of [
    everything({ err: new Error("x", { cause: { deep: [secret] } }) }),
    inspect(Buffer.from(secret)),
    JSON.stringify([...secret]),
    `key=${Buffer.from(secret).toString("base64")}`,
    everything(Object.assign(new Error("x"), { key: Buffer.from(secret).toString("base64url") })),
  ])
    expect(canaries.foundIn(leak)).toHaveLength(1);
  expect(canaries.foundIn(`password ${PASSWORDS.user}`)).toHaveLength(1);
  expect(canaries.foundIn("nothing")).toEqual([]);
});
