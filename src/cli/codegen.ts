import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** `chatroom codegen`: runs the program of the package chatroom-codegen, as the current folder's project has it installed. */
export async function codegen(args: string[]): Promise<number> {
  let manifest: string;
  try {
    manifest = createRequire(join(process.cwd(), "package.json")).resolve("chatroom-codegen/package.json");
  } catch {
    throw new Error("the package chatroom-codegen is not installed here; run: npm install --save-dev chatroom-codegen");
  }
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string> };
  const child = spawn(process.execPath, [join(dirname(manifest), bin["chatroom-codegen"] ?? ""), ...args], {
    stdio: "inherit",
  });
  await once(child, "exit");
  return child.exitCode ?? 1;
}
