/** The contract that a change is compared with: a file, or the schemas of a commit. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type Contract, contractOf } from "./contract.ts";
import { Generator } from "./generate.ts";

/** There is nothing to compare with, or it can't be read; the message says what to do. */
export class BaseError extends Error {
  override readonly name = "BaseError";
}

/** @throws BaseError; ProblemsError where the schemas of a commit have mistakes. */
export async function readBase(base: string, schemasDir: string, cwd: string): Promise<Contract> {
  const path = resolve(cwd, base);
  return base.endsWith(".json") ? readContract(path, base) : await readCommit(base, schemasDir, cwd);
}

function readContract(path: string, shown: string): Contract {
  if (!existsSync(path)) throw new BaseError(`there is no file ${shown}: compare --accept writes one`);
  try {
    const contract = JSON.parse(readFileSync(path, "utf8")) as Contract;
    if (contract.chatroom === 1 && typeof contract.kinds === "object") return contract;
  } catch {
    // told below
  }
  throw new BaseError(`${shown} is no contract that this version wrote: write it anew with compare --accept`);
}

/** Unpacks the commit beside the packages of the project, so that its schemas find them, and reads it. */
async function readCommit(commit: string, schemasDir: string, cwd: string): Promise<Contract> {
  const git = (...args: string[]): string => {
    try {
      return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
    } catch (error) {
      const { stderr = "" } = error as { stderr?: string };
      const text = stderr.trim().split("\n")[0] ?? "";
      throw new BaseError(
        `git ${args[0]} ${commit} failed${text && `: ${text}`}; name a commit or a file with --base, or let compare --accept write a contract, which is compared with then`,
      );
    }
  };
  const hash = git("rev-parse", "--verify", "--end-of-options", `${commit}^{commit}`);
  const root = git("rev-parse", "--show-toplevel");
  const folder = join(
    packagesOf(schemasDir) ?? root,
    "node_modules/.cache/chatroom-codegen",
    `base-${hash.slice(0, 12)}-${process.pid}`,
  );
  mkdirSync(folder, { recursive: true });
  try {
    const packed = spawnSync("git", ["archive", "--format=tar", hash], { cwd: root, maxBuffer: 2 ** 30 });
    const unpacked = spawnSync("tar", ["-x", "-f", "-", "-C", folder], { input: packed.stdout });
    if (packed.status !== 0 || unpacked.status !== 0)
      throw new BaseError(
        `the files of ${commit} can't be unpacked: ${String(packed.stderr)}${String(unpacked.stderr)}`,
      );
    const inCommit = join(folder, relative(root, schemasDir));
    if (!existsSync(inCommit))
      throw new BaseError(`${commit} has no folder ${relative(root, schemasDir)}: nothing to compare with`);
    const generator = new Generator({ schemasDir: inCommit, outDir: join(folder, "generated"), version: "" });
    return contractOf(await generator.kinds(), join(folder, relative(root, cwd)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The nearest folder that has packages. */
function packagesOf(schemasDir: string): string | undefined {
  for (let dir = dirname(schemasDir); ; dir = dirname(dir)) {
    if (existsSync(join(dir, "node_modules"))) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}
