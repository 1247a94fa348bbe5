import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/**
 * The rooms of the house, from the ground up, and all that each may import: rooms below it, and its own doors to the outside.
 * Whoever needs another edge adds it here, with a reason that survives a review.
 */
const ROOMS: Readonly<Record<string, { rooms: readonly string[]; outside: readonly string[] }>> = {
  base: { rooms: [], outside: ["node:crypto", "node:util"] }, // randomness; colours of the log
  schema: { rooms: ["base"], outside: [] },
  wire: { rooms: ["base"], outside: ["node:buffer"] },
  crypto: { rooms: ["base"], outside: ["node:crypto", "node:worker_threads", "bcryptjs", "@noble/*"] }, // bcrypt has a thread
  pipe: { rooms: ["base"], outside: ["node:net", "node:os"] },
  link: { rooms: ["base", "wire", "crypto", "pipe"], outside: [] },
  state: { rooms: ["base", "schema", "crypto", "link"], outside: ["node:fs", "node:fs/promises", "node:path"] }, // what a program keeps on disk; bans are subnets, known peers have keys
  session: { rooms: ["base", "wire", "link"], outside: [] },
  call: { rooms: ["base", "schema", "wire", "session"], outside: [] },
  peer: { rooms: ["base", "schema", "call"], outside: [] }, // knows nothing of links: its directory is handed in
  node: { rooms: ["base", "schema", "crypto", "pipe", "link", "session", "call", "peer"], outside: [] }, // resume keys are secrets, redials take addresses
  room: { rooms: ["base", "schema", "wire", "crypto", "pipe", "link", "state"], outside: ["node:os"] }, // no sessions, no calls
  user: { rooms: ["base", "schema", "wire", "crypto", "pipe", "link", "call", "peer", "node"], outside: [] },
  server: { rooms: ["base", "schema", "crypto", "pipe", "link", "state", "session", "peer", "node"], outside: [] },
  cli: { rooms: ["base", "schema", "crypto", "link", "state", "room", "user"], outside: ["node:*"] }, // hashes passwords
  testing: { rooms: ["base", "crypto", "pipe", "link", "call", "node", "room", "user"], outside: [] },
};

/** The package's entries stand above all rooms. */
const ENTRIES = ["index.ts", "runtime.ts", "print-messages.ts"];

const ROOT = resolve(import.meta.dirname, "..");

interface Import {
  readonly file: string;
  readonly from: string;
  readonly isType: boolean;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /((?<!\.d)\.ts|\.mjs)$/.test(file) && !/(^|\/)(dist|node_modules)\//.test(file))
    .map((file) => join(folder, file));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]*?\sfrom\s+)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\((?:\s*)"([^"]+)"\)/g);
  return [
    ...[...found].map(([, type, from]) => ({ file, from: from as string, isType: type !== undefined })),
    ...[...dynamic].map(([, from]) => ({ file, from: from as string, isType: false })),
  ];
}

function target({ file, from }: Import): string | undefined {
  return from.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(file), from)) : undefined;
}

function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}

const imports = filesIn("src").flatMap(importsOf);

test("every room imports only rooms below it and its own doors to the outside", () => {
  const wrong: string[] = [];
  for (const one of imports) {
    const [, room = ""] = one.file.split("/");
    if (ENTRIES.includes(room)) continue;
    const allowed = ROOMS[room];
    const to = target(one);
    if (allowed === undefined) wrong.push(`${one.file}: there is no room "${room}"`);
    else if (
      to === undefined
        ? !matches(one.from, allowed.outside)
        : !to.startsWith(`src/${room}/`) && !allowed.rooms.includes(to.split("/")[1] ?? "")
    ) {
      wrong.push(`${one.file} imports ${one.from}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(imports.length).toBeGreaterThan(200); // the pattern still finds imports
});

test("rooms stand in one order: none is allowed a room that may import it", () => {
  const order = Object.keys(ROOMS);
  for (const [room, { rooms }] of Object.entries(ROOMS))
    for (const below of rooms) expect(order.indexOf(below), `${room} on ${below}`).toBeLessThan(order.indexOf(room));
  const siblings = ["room", "user", "server"];
  for (const one of siblings)
    for (const other of siblings)
      expect(ROOMS[one]?.rooms.includes(other), `${one} on its sibling ${other}`).toBe(false);
});

test("no files import each other in a circle, types aside", () => {
  const edges = new Map<string, string[]>();
  for (const one of imports) {
    const to = target(one);
    if (to !== undefined && !one.isType) edges.set(one.file, [...(edges.get(one.file) ?? []), to]);
  }
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") return void circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    state.set(file, "open");
    for (const to of edges.get(file) ?? []) visit(to, [...path, file]);
    state.set(file, "done");
  };
  for (const file of edges.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

test("what a user ships holds neither code generation nor a compiler, and generated code stands on one entry", () => {
  for (const one of imports)
    expect(target(one) ?? `src/${one.from}`, one.file).toMatch(/^src\/(?!ts-morph|typescript|tsx|chatroom)/);
  for (const one of filesIn("codegen").flatMap(importsOf))
    expect(target(one) ?? "codegen/", `${one.file} imports ${one.from}`).toMatch(/^codegen\//);
  for (const one of filesIn("generated").flatMap(importsOf))
    expect(one.from, one.file).toMatch(/^(chatroom\/runtime|\.\.\/schemas\/.+|\.\/.+\.(?:d\.ts|codec\.js))$/);
  const morph = filesIn("codegen/src").filter((file) => importsOf(file).some(({ from }) => from === "ts-morph"));
  expect(morph.length, `one file knows ts-morph, not ${morph.join(", ")}`).toBeLessThanOrEqual(1);
});

test("only the files that are each a dependency's door import it", () => {
  const doors: Readonly<Record<string, string>> = {
    "node:net": "src/pipe/tcp.ts",
    "node:crypto": "src/(crypto/.+|base/random.ts)",
    "@noble/": "src/crypto/.+",
    "node:worker_threads": "src/crypto/passwords-.+",
    bcryptjs: "src/crypto/passwords-.+",
  };
  for (const [name, door] of Object.entries(doors)) {
    for (const one of imports)
      if (one.from.startsWith(name)) expect(one.file, `imports ${one.from}`).toMatch(new RegExp(`^${door}$`));
  }
});

test("case 78: what comes over a link reaches no file: only options name paths, and what handles links knows none of the doors to the disk", () => {
  const onDisk = new Set(imports.filter(({ from }) => /^node:fs\b/.test(from)).map(({ file }) => file));
  const doors = [...onDisk].filter((file) => !file.startsWith("src/cli/"));
  expect(doors.toSorted()).toEqual(["src/state/disk.ts", "src/state/shared-file.ts"]);
  const reaching = new Set(onDisk);
  const edges = imports.map((one) => ({ file: one.file, to: target(one) ?? "" }));
  for (let before = -1; before < reaching.size; ) {
    before = reaching.size;
    for (const { file, to } of edges) if (reaching.has(to)) reaching.add(file);
  }
  const handling = ["wire", "pipe", "link", "session", "call", "peer", "node", "user"];
  expect([...reaching].filter((file) => handling.includes(file.split("/")[1] ?? ""))).toEqual([]);
  // A Room and a server open the file of their option `state` at the start; a user's own program makes known peers out of a path.
  const importers = (of: string): string[] =>
    [...new Set(imports.filter((one) => target(one) === of).map(({ file }) => file))].filter(
      (file) => !file.startsWith("src/cli/"),
    );
  expect(importers("src/state/shared-file.ts").toSorted()).toEqual([
    "src/state/known-peers.ts",
    "src/state/state-file.ts",
  ]);
  expect(importers("src/state/state-file.ts")).toEqual(["src/state/kept-state.ts"]);
  expect(importers("src/state/known-peers.ts")).toEqual(["src/index.ts"]);
  expect(importers("src/state/kept-state.ts").toSorted()).toEqual(["src/room/room.ts", "src/server/server.ts"]);
});
