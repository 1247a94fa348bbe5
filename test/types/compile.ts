import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../codegen/root.ts";

/** What the compiler says of one place. */
export interface Complaint {
  /** Relative to the folder that was compiled. */
  file: string;
  line: number;
  code: string;
  /** All lines, with their indentation. */
  message: string;
}

/**
 * Compiles a folder with the project's own compiler and options, declarations included, and gives its complaints.
 * `chatroom` means this repository's sources.
 */
export async function compile(folder: string, options: Readonly<Record<string, unknown>> = {}): Promise<Complaint[]> {
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      skipLibCheck: false,
      rootDir: "/",
      typeRoots: [join(ROOT, "node_modules/@types")],
      paths: {
        "chatroom/runtime": [join(ROOT, "src/runtime.ts")],
        "chatroom/schema": [join(ROOT, "src/schema/index.ts")],
        zod: [join(ROOT, "node_modules/zod/index.d.ts")],
      },
      ...options,
    },
    include: ["."],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const out = await new Promise<string>((resolve) => {
    const argv = [join(ROOT, "node_modules/typescript/lib/tsc.js"), "-p", folder, "--pretty", "false"];
    execFile(process.execPath, argv, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (_failure, stdout) =>
      resolve(stdout),
    );
  });
  return parse(out);
}

function parse(out: string): Complaint[] {
  const complaints: Complaint[] = [];
  for (const line of out.split("\n")) {
    const head = /^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(line);
    const last = complaints.at(-1);
    if (head) {
      const [, file = "", row = "", code = "", message = ""] = head;
      complaints.push({ file, line: Number(row), code, message });
    } else if (line.startsWith("error TS")) {
      complaints.push({ file: "", line: 0, code: "", message: line });
    } else if (last && line !== "") {
      last.message += `\n${line}`;
    }
  }
  return complaints;
}
