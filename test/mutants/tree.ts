import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A copy of the repository, as its files are now, to plant faults in. */
export interface Tree {
  readonly root: string;
  remove(): void;
}

/** Copies what git knows or would add. Packages are linked, one by one: tools write their caches beside them, and those stay in the copy. */
export function copyTree(from: string): Tree {
  const root = mkdtempSync(join(tmpdir(), "chatroom-mutants-"));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  try {
    fill(root, from);
  } catch (error) {
    remove();
    throw error;
  }
  return { root, remove };
}

function fill(root: string, from: string): void {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: from });
  for (const file of list.toString().split("\0")) {
    if (file === "" || !existsSync(join(from, file))) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(join(from, file), join(root, file));
  }
  const packages = join(root, "node_modules");
  mkdirSync(packages);
  for (const name of readdirSync(join(from, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(from, "node_modules", name), join(packages, name));
  }
}
