import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "./root.ts";

/** A user's project in a folder of its own, where `zod` and `chatroom/schema` resolve as if installed. */
export class Project {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** `files`: texts by path, as in `{ "schemas/Bar.ts": "..." }`. The folder is gone after the test. */
  static create(files: Readonly<Record<string, string>>): Project {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), "chatroom-codegen-")));
    const project = new Project(dir);
    project.write({ "package.json": '{ "type": "module" }', ...files });
    const chatroom = join(dir, "node_modules/chatroom");
    mkdirSync(chatroom, { recursive: true });
    const exports = { "./schema": "./schema/index.ts" };
    writeFileSync(join(chatroom, "package.json"), JSON.stringify({ name: "chatroom", type: "module", exports }));
    symlinkSync(join(ROOT, "src/schema"), join(chatroom, "schema"));
    symlinkSync(join(ROOT, "node_modules/zod"), join(dir, "node_modules/zod"));
    return project;
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      writeFileSync(join(this.dir, name), text);
    }
  }

  read(name: string): string {
    return readFileSync(join(this.dir, name), "utf8");
  }

  /** What the folder holds, sorted; nothing when it is not there. */
  list(folder: string): string[] {
    try {
      return readdirSync(join(this.dir, folder)).toSorted();
    } catch {
      return [];
    }
  }

  /** Runs the command in the project's folder. */
  async codegen(...argv: string[]): Promise<{ code: number; out: string; error: string }> {
    const { run } = await import("../../codegen/src/run.ts");
    let out = "";
    let error = "";
    const code = await run(argv, {
      cwd: this.dir,
      version: "0.0.0",
      out: (text) => (out += text),
      error: (text) => (error += text),
    });
    return { code, out, error };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A project for one test. */
export function projectWith(files: Readonly<Record<string, string>>): Project {
  const project = Project.create(files);
  onTestFinished(() => project.remove());
  return project;
}

/** A schema file with the imports that every one has. */
export function schemaFile(text: string): string {
  return `import { definePeer } from "chatroom/schema";\nimport { z } from "zod";\n${text}\n`;
}
