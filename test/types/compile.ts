import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Project, ts } from "ts-morph";
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

/** What TypeScript 6 says of the files of a folder that {@link compile} compiled, with the same options. */
export function compileWith6(folder: string): Complaint[] {
  if (!ts.version.startsWith("6.")) throw new Error(`this is TypeScript ${ts.version}, not 6`);
  const project = new Project({ tsConfigFilePath: join(folder, "tsconfig.json") });
  const own = project.getSourceFiles().filter((file) => !relative(folder, file.getFilePath()).startsWith(".."));
  return own
    .flatMap((file) => file.getPreEmitDiagnostics())
    .map((diagnostic) => ({
      file: relative(folder, diagnostic.getSourceFile()?.getFilePath() ?? folder),
      line: diagnostic.getLineNumber() ?? 0,
      code: `TS${diagnostic.getCode()}`,
      message: ts.flattenDiagnosticMessageText(diagnostic.compilerObject.messageText, "\n"),
    }));
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
