import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type Project, projectWith, schemaFile } from "./project.ts";

const barWith = (input: string, more = ""): string =>
  schemaFile(`import { id } from "./lib/shapes.js";
export const Bar = definePeer({
  get: {
    find: { input: z.object({ id, n: ${input} }), output: z.object({ at: z.date() }), errors: { Gone: z.void() } },
    ${more}
  },
});`);
const FILES = {
  "schemas/Bar.ts": barWith("z.int()", "old: {},"),
  "schemas/lib/shapes.ts": `import { z } from "zod";\nexport const id = z.string();\n`,
};

/** A project whose files are committed. */
function committed(files: Readonly<Record<string, string>>): Project {
  const project = projectWith({ ...files, ".gitignore": "node_modules\n" });
  const git = (...args: string[]): void =>
    void execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: project.dir,
      stdio: "ignore",
    });
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  return project;
}

describe("compare", () => {
  test("with the last commit: what breaks stands first, with both places and the reason; the code is 1", async () => {
    const project = committed(FILES);
    expect(await project.codegen("compare")).toEqual({ code: 0, out: "no change since HEAD\n", error: "" });
    project.write({
      "schemas/Bar.ts": `\n${barWith("z.int().min(3).default(5)", "young: {},")}`,
      "schemas/lib/shapes.ts": FILES["schemas/lib/shapes.ts"].replace("z.string()", "z.string().nullable()"),
      "schemas/Foo.ts": schemaFile("export const Foo = definePeer({ send: { chat: z.string() } });"),
    });
    expect(await project.codegen("compare")).toEqual({
      code: 1,
      out: `breaking  Bar.find input.n: at least 3 is expected, less may be sent  (schemas/Bar.ts:6 -> schemas/Bar.ts:7)
breaking  Bar.old: this method is gone; one under a new name is another one  (schemas/Bar.ts:7)
safe      Bar.young: is new  (schemas/Bar.ts:8)
safe      Foo: is new  (schemas/Foo.ts:3)

since HEAD: 2 breaking, 0 risky, 2 safe
`,
      error: "",
    });
    const { out } = await project.codegen("compare", "--base", "main", "--json");
    expect(JSON.parse(out)).toMatchObject([
      { verdict: "breaking", about: "Bar.find input.n", was: "schemas/Bar.ts:6", is: "schemas/Bar.ts:7" },
      { verdict: "breaking", about: "Bar.old" },
      { verdict: "safe" },
      { verdict: "safe" },
    ]);
    // Nothing is left of the commit that was unpacked.
    expect(project.list("node_modules/.cache/chatroom-codegen")).toEqual([]);
  });

  test("with what was accepted: it is written once, compared with from then on, and accepted anew", async () => {
    const project = projectWith(FILES);
    const first = await project.codegen("compare", "--accept");
    expect(first).toEqual({
      code: 0,
      out: "generated/contract.json: nothing was accepted before\ngenerated/contract.json: written\n",
      error: "",
    });
    expect(await project.codegen("compare")).toMatchObject({
      code: 0,
      out: "no change since generated/contract.json\n",
    });
    project.write({ "schemas/Bar.ts": barWith("z.string()", "old: {},") });
    expect(await project.codegen("compare")).toMatchObject({ code: 1 });
    expect(await project.codegen("compare", "--accept")).toMatchObject({ code: 0 });
    expect(await project.codegen("compare")).toMatchObject({ code: 0 });
    // Generating leaves it alone.
    await project.codegen();
    expect(project.list("generated")).toContain("contract.json");
  });

  test("a contract that can't be read, as after a merge, is no reason not to accept", async () => {
    const project = projectWith(FILES);
    await project.codegen("compare", "--accept");
    const contract = project.read("generated/contract.json");
    for (const broken of [
      `<<<<<<< ours\n${contract}=======\n${contract}>>>>>>> theirs\n`,
      '{ "chatroom": 1 }',
      "null",
      "",
    ]) {
      project.write({ "generated/contract.json": broken });
      expect(await project.codegen("compare")).toEqual({
        code: 2,
        out: "",
        error: "generated/contract.json is no contract that this version wrote: write it anew with compare --accept\n",
      });
      expect(await project.codegen("compare", "--accept")).toEqual({
        code: 0,
        out: "generated/contract.json could not be read, so nothing was compared\ngenerated/contract.json: written\n",
        error: "",
      });
      expect(project.read("generated/contract.json")).toBe(contract);
    }
    // A base that was asked for is another thing.
    expect(await project.codegen("compare", "--accept", "--base", "old.json")).toMatchObject({ code: 2, out: "" });
    expect((await project.codegen("compare", "--accept")).out).toContain("generated/contract.json: up to date\n");
  });

  test("every part of a method is compared: words, callers, errors, outputs", async () => {
    const project = committed({
      "schemas/Foo.ts": schemaFile("export const Foo = definePeer({});"),
      "schemas/Bar.ts": schemaFile(`export const Bar = definePeer({ get: {
  word: {}, callers: {}, fewer: { from: ["Foo", "Bar"] }, more: { from: ["Foo"] }, all: { from: ["Foo"] },
  names: { fromNames: ["a", "b"] }, named: {},
  errors: { errors: { Gone: z.string() } }, given: { output: z.string() }, nothing: { output: z.string() },
} });`),
    });
    project.write({
      "schemas/Bar.ts": schemaFile(`export const Bar = definePeer({ send: { word: {} }, get: {
  callers: { from: ["Foo"] }, fewer: { from: ["Foo"] }, more: { from: ["Foo", "Bar"] }, all: {},
  names: { fromNames: ["b"] }, named: { fromNames: ["b"] },
  errors: { errors: { Gone: z.int(), New: z.void() } }, given: { output: z.enum(["a"]) }, nothing: {},
} });`),
    });
    const { out } = await project.codegen("compare");
    expect(out.split("\n").map((line) => line.replace(/ {2}\(.*/, ""))).toEqual([
      "breaking  Bar.word: was a get, and is a send",
      "breaking  Bar.callers from: only Foo may call now",
      "breaking  Bar.fewer from: Bar may no longer call",
      "breaking  Bar.names fromNames: a may no longer call",
      "breaking  Bar.named fromNames: only b may call now",
      "breaking  Bar.errors error Gone: callers that run get what they do not expect: a string is expected, a number may be sent",
      "breaking  Bar.nothing output: callers that run get what they do not expect: a string is expected, undefined may be sent",
      "risky     Bar.errors error New: is new: callers that run do not handle it",
      "safe      Bar.more from: more may call now",
      "safe      Bar.all from: everybody may call now",
      "safe      Bar.given output: all that is sent now is let in by callers that run",
      "",
      "since HEAD: 7 breaking, 1 risky, 3 safe",
      "",
    ]);
  });

  test("what can't be compared with is said, with code 2", async () => {
    const project = committed(FILES);
    const errorOf = async (...args: string[]): Promise<string> => {
      const { code, error } = await project.codegen("compare", ...args);
      expect(code).toBe(2);
      return error;
    };
    expect(await errorOf("--base", "v1")).toMatch(
      /^git rev-parse v1 failed: .*; name a commit or a file with --base, or let compare --accept write a contract, which is compared with then\n$/,
    );
    expect(await errorOf("--base=--output=x")).toContain("failed");
    expect(await errorOf("--base", "old.json")).toBe("there is no file old.json: compare --accept writes one\n");
    project.write({
      "old.json": "{}",
      "schemas/lib/shapes.ts": FILES["schemas/lib/shapes.ts"].replace("z.string", "z.any"),
    });
    expect(await errorOf("--base", "old.json")).toContain("z.any() would switch checking off");
    project.write(FILES);
    expect(await errorOf("--base", "old.json")).toBe(
      "old.json is no contract that this version wrote: write it anew with compare --accept\n",
    );
    expect(await project.codegen("compare", "everything")).toMatchObject({ code: 2 });
    expect(await project.codegen("comparison")).toMatchObject({ code: 2 });
  });
});
