import type { Mutants } from "./mutant.ts";

/** The bans that hold in a program. */
export const BAN_LIST: Mutants = {
  file: "src/state/ban-list.ts",
  tests: ["test/state/ban-list.test.ts", "test/state/state-file.test.ts", "test/room/bans.test.ts"],
  mutants: [
    {
      name: "only whole addresses are banned",
      find: "held.get(prefixKey(bytes, bits))",
      replace: "held.get(prefixKey(bytes, 128))",
    },
    {
      name: "a ban never ends",
      find: "return !isOver(ban, clock.date()) && clock.now() < endsAt;",
      replace: "return ban !== undefined && endsAt > 0 && clock.now() >= 0;",
    },
    { name: "a clock that is set back lengthens a ban", find: " && clock.now() < endsAt;", replace: " && endsAt > 0;" },
    { name: "a clock that is set on does not end a ban", find: "!isOver(ban, clock.date()) && ", replace: "" },
    {
      name: "a list that is read anew begins its bans anew",
      find: "const held = isSame ? old : {",
      replace: "const held = isSame && false ? old : {",
    },
    { name: "nobody is told of a new ban", find: "    if (isMore) this.onBan();\n", replace: "" },
    { name: "an old ban counts as a new one", find: "      if (isSame) continue;\n", replace: "" },
    { name: "what is lifted still holds", find: "    this.#byBits = new Map();\n", replace: "" },
    { name: "what was written does not hold", find: "        this.take(kept);\n", replace: "" },
    {
      name: "a change that fails is said to be done",
      find: "for (const change of batch) change.failed(error);",
      replace: "for (const change of batch) change.done();",
    },
    {
      name: "changes of others are lost",
      find: "(bans ?? this.list()).filter(",
      replace: "this.list().filter(",
    },
    {
      name: "a file that is gone takes the bans with it",
      find: "(bans ?? this.list()).filter(",
      replace: "(bans ?? []).filter(",
    },
  ],
};

/** The lists themselves. */
export const BAN: Mutants = {
  file: "src/state/ban.ts",
  tests: ["test/state/ban-list.test.ts", "test/state/state.test.ts"],
  mutants: [
    { name: "one ban more than the cap", find: "others.length >= MAX_BANS", replace: "others.length > MAX_BANS" },
    {
      name: "an entry stands twice",
      find: "const others = withoutBan(bans, ban.address);",
      replace: "const others = bans;",
    },
    { name: "a ban ends a moment late", find: "until.getTime() <= nowMs", replace: "until.getTime() < nowMs" },
    { name: "a ban of no time", find: "seconds > 0 && seconds", replace: "seconds >= 0 && seconds" },
    { name: "a ban for ever by a number", find: " && seconds <= MAX_SECONDS))", replace: "))" },
    { name: "a reason may be long", find: "reason.length > MAX_REASON_LENGTH", replace: "reason.length > 1e9" },
    { name: "a reason may move the cursor", find: "[\\p{Cc}\\p{Cs}\\p{Cf}\\p{Zl}\\p{Zp}]", replace: "[\\p{Zl}]" },
  ],
};

/** What a state file may say. */
export const STATE: Mutants = {
  file: "src/state/state.ts",
  tests: ["test/state/state.test.ts"],
  mutants: [
    { name: "two fields of one name", find: "  checkShape(text);\n", replace: "" },
    {
      name: "a file of any length",
      find: "if (text.length > MAX_STATE_BYTES) throw",
      replace: "if (text.length < 0) throw",
    },
    {
      name: "another form",
      find: `if (file["chatroom"] !== FORM) throw`,
      replace: `if (file["chatroom"] === undefined) throw`,
    },
    { name: "any number of bans", find: "if (list.length > MAX_BANS) throw", replace: "if (list.length < 0) throw" },
    {
      name: "bans that are over are written",
      find: "bans.filter((ban) => !isOver(ban, nowMs))",
      replace: "bans.filter((ban) => nowMs < 0 || ban)",
    },
    {
      name: "more is written than is read",
      find: "if (Buffer.byteLength(text) > MAX_STATE_BYTES)",
      replace: "if (text === undefined)",
    },
    { name: "a time that is none is read as another one", find: " || date.toISOString() !== value", replace: "" },
  ],
};

/** What the disk is asked for. */
export const DISK: Mutants = {
  file: "src/state/disk.ts",
  tests: ["test/state/state-file.test.ts"],
  mutants: [
    { name: "two programs change it at once", find: `open(path, "wx", mode)`, replace: `open(path, "w", mode)` },
  ],
};

/** The file on disk, whatever is in it. */
export const SHARED_FILE: Mutants = {
  file: "src/state/shared-file.ts",
  tests: ["test/state/state-file.test.ts", "test/cli/bans.test.ts"],
  mutants: [
    { name: "others may read it", find: "const NEW_FILE_MODE = 0o600;", replace: "const NEW_FILE_MODE = 0o644;" },
    {
      name: "its mode is not kept",
      find: "old === undefined ? NEW_FILE_MODE : Number(old.mode) & MODE_BITS",
      replace: "old === undefined ? NEW_FILE_MODE : 0o600",
    },
    {
      name: "its owner is not kept",
      find: "await lock.chown(Number(old.uid), Number(old.gid)).catch(ignoreDenied)",
      replace: "await Promise.resolve()",
    },
    {
      name: "who lost its lock writes",
      find: "clock.now() - since < HOLD_MS && (await this.#holds(lock))",
      replace: "clock.now() - since < HOLD_MS",
    },
    {
      name: "a lock is stale at once",
      find: "clock.date() - Number(seen.mtimeMs) < STALE_MS",
      replace: "clock.date() < 0",
    },
    {
      name: "a lock is never stale",
      find: "clock.date() - Number(seen.mtimeMs) < STALE_MS",
      replace: "clock.date() > 0",
    },
    { name: "a damaged file is lost", find: "await rename(target, `${target}${ending}`);", replace: "" },
    {
      name: "a link is replaced by a file",
      find: "this.#target = await this.#do(() => targetOf(this.path));",
      replace: "",
    },
    {
      name: "a failure leaves the lock",
      find: "if (isOurs && (await this.#holds(lock))) await unlink",
      replace: "if (!isOurs && (await this.#holds(lock))) await unlink",
    },
  ],
};

/** What its text means. */
export const STATE_FILE: Mutants = {
  file: "src/state/state-file.ts",
  tests: ["test/state/state-file.test.ts", "test/cli/bans.test.ts"],
  mutants: [
    { name: "the command sets a damaged file aside", find: " || keepsDamaged === true", replace: "" },
    { name: "a half-written file is an error at once", find: " || this.#doubtful === now", replace: " || true" },
  ],
};

/** What is kept, and looked at. */
export const KEPT_STATE: Mutants = {
  file: "src/state/kept-state.ts",
  tests: ["test/state/state-file.test.ts", "test/room/bans.test.ts"],
  mutants: [
    {
      name: "the file's secret wins over the option",
      find: "this.#options.secret ?? this.#secret",
      replace: "this.#secret ?? this.#options.secret",
    },
    {
      name: "a secret is made though one is given",
      find: "(secret === undefined ? environment.random(SECRET_BYTES) : undefined)",
      replace: "environment.random(SECRET_BYTES)",
    },
    { name: "each start makes a secret", find: "state?.secret ?? (secret", replace: "(secret" },
    {
      name: "changes of others are not noticed",
      find: "if (state !== undefined) this.bans.take(state.bans);",
      replace: "",
    },
    { name: "it is looked at once", find: "          this.#lookLater();\n", replace: "" },
    {
      name: "a change takes the secret out",
      find: "return { secret: state?.secret ?? this.#secret, bans };",
      replace: "return { secret: undefined, bans };",
    },
    {
      name: "a look outlives the program",
      find: "      if (this.#closed) return;\n      if (state",
      replace: "      if (state",
    },
    { name: "looking outlives the program", find: "    this.#timer?.cancel();\n", replace: "" },
    {
      name: "the same trouble is told each second",
      find: "      if (text === this.#lastTrouble) return;\n",
      replace: "",
    },
  ],
};

/** Bans in the Room, and what it keeps. */
export const ROOM_BANS: Mutants = {
  file: "src/room/room.ts",
  tests: ["test/room/bans.test.ts", "test/room/name-token.test.ts"],
  mutants: [
    { name: "new connections from there come in", find: "      bans: kept.bans,\n", replace: "" },
    { name: "the bans are changed in vain", find: "      this.#members.bar();\n", replace: "" },
    {
      name: "the secret of the state file is not used",
      find: "new UserTable(options.users, kept.secret, engine, random)",
      replace: "new UserTable(options.users, options.secret, engine, random)",
    },
    {
      name: "what is kept outlives the Room",
      find: ", this.#kept.close()]);",
      replace: "]);",
    },
  ],
};

/** Bans and name tokens of members. */
export const MEMBERS_BANS: Mutants = {
  file: "src/room/members.ts",
  tests: ["test/room/bans.test.ts", "test/room/name-token.test.ts"],
  mutants: [
    {
      name: "a ban leaves members where they are",
      find: '      member.link.close(4, BARRED);\n      this.#leave(member, "barred");\n',
      replace: "",
    },
    {
      name: "a ban leaves those that have not joined",
      find: "if (this.#isBarred(link.remote.host)) this.#refuseBanned(link);\n    for",
      replace: "for",
    },
    {
      name: "a ban leaves the sessions of those that left before",
      find: "this.#announcements.barred(name);",
      replace: "",
    },
    {
      name: "a ban ends the sessions of who has a name that somebody barred had before",
      find: "    this.#gone.delete(member.name);\n",
      replace: "",
    },
    {
      name: "others are not told that a member was barred",
      find: `this.#announcements.went(member, reason === "barred");`,
      replace: "this.#announcements.went(member);",
    },
    {
      name: "whoever leaves is said to be barred",
      find: `this.#announcements.went(member, reason === "barred");`,
      replace: "this.#announcements.went(member, true);",
    },
    {
      name: "any token takes a name",
      find: "this.#environment.engine.equal(token, shown)",
      replace: "token.length === shown.length",
    },
    {
      name: "no token takes a name",
      find: "holder !== undefined && isBoxed && this.#isHolder(holder, join.token)",
      replace: "holder !== undefined && !isBoxed && this.#isHolder(holder, join.token)",
    },
    { name: "a token counts outside of a box", find: "isBoxed && this.#isHolder(", replace: "this.#isHolder(" },
    {
      name: "users that know of no tokens get one",
      find: "isBoxed ? this.#environment.random(TOKEN_BYTES) : undefined",
      replace: "this.#environment.random(TOKEN_BYTES)",
    },
    {
      name: "a token is for ever",
      find: "this.#environment.random(TOKEN_BYTES)",
      replace: "(join.token ?? this.#environment.random(TOKEN_BYTES))",
    },
    {
      name: "the replaced one stays a member",
      find: `      this.#nameTaken(link, "name token");\n      this.#leave(holder, "replaced", "joined again");\n`,
      replace: `      this.#nameTaken(link, "name token");\n`,
    },
  ],
};

/** Introductions of barred addresses. */
export const BARRED_INTRODUCTIONS: Mutants = {
  file: "src/room/introductions.ts",
  tests: ["test/room/introductions.test.ts"],
  mutants: [
    { name: "one who is barred is introduced", find: "this.#isBarred(asker.link.remote.host) || ", replace: "" },
    {
      name: "others are introduced to one who is barred",
      find: " || this.#isBarred(other.link.remote.host)",
      replace: "",
    },
    {
      name: "a barred address is a candidate",
      find: "filter(({ host }) => !this.#isBarred(host))",
      replace: 'filter(({ host }) => host !== "")',
    },
  ],
};

/** What a user does about barred peers and its name token. */
export const BARRED_PEERS: Mutants = {
  file: "src/user/user.ts",
  tests: ["test/room/bans.test.ts"],
  mutants: [
    {
      name: "a session with a barred peer goes on",
      find: `    this.table.end(peer, "barred by the Room");\n`,
      replace: "",
    },
    { name: "every peer that leaves is barred", find: "if (message.barred === true) for", replace: "for" },
  ],
};

export const TOKEN_KEPT: Mutants = {
  file: "src/user/room-connection.ts",
  tests: ["test/room/name-token.test.ts"],
  mutants: [
    {
      name: "a user does not show its token",
      find: "encodeToRoom({ ...join, token: this.#token })",
      replace: "encodeToRoom(join)",
    },
    { name: "a user forgets its token", find: "    this.#token = message.token;\n", replace: "" },
  ],
};

/** Bans of a server. */
export const SERVER_BANS: Mutants = {
  file: "src/server/server.ts",
  tests: ["test/server/bans.test.ts", "test/server/server.test.ts"],
  mutants: [
    {
      name: "a ban leaves sessions where they are",
      find: "    this.table.endFrom((host) => this.#isBarred(host), BARRED);\n",
      replace: "",
    },
    { name: "new connections from there come in", find: "      bans: this.#kept.bans,\n", replace: "" },
    { name: "what is kept is not read", find: "    await this.#kept.begin();\n", replace: "" },
  ],
};

export const ADMISSION_BANS: Mutants = {
  file: "src/link/admission.ts",
  tests: ["test/link/admission.test.ts"],
  mutants: [
    {
      name: "a banned address comes in",
      find: "this.#config.bans?.has(host) === true ?",
      replace: "host === undefined ?",
    },
  ],
};
