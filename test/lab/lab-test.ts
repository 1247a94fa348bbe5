import { execFileSync } from "node:child_process";
import { accessSync } from "node:fs";
import { test } from "vitest";
import { PATH } from "./command.ts";

/** Why no lab can stand here, if that is so. */
export const whyNoLab: string | undefined = reason();

/**
 * A test that needs a lab. Where none can stand it is skipped and its name says why; under CI (env CI=true) it fails instead.
 * The default time limit is the suite's.
 */
export function labTest(name: string, run: () => Promise<void>, timeoutMs?: number): void {
  if (whyNoLab === undefined) return test(name, run, timeoutMs);
  if (process.env["CI"] !== "true") return test.skip(`${name} (not here: ${whyNoLab})`, run);
  test(name, () => {
    throw new Error(`no lab can stand here: ${whyNoLab}`);
  });
}

function reason(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const attempts: readonly [command: string, ...args: string[]][] = [
    ["nft", "--version"],
    ["conntrack", "--version"],
    ["python3", "--version"],
    ["sysctl", "--version"],
    ["unshare", "--net", "ip", "link", "add", "br0", "type", "bridge"],
  ];
  for (const [command, ...args] of attempts) {
    try {
      execFileSync(command, args, { env: { ...process.env, PATH }, stdio: "pipe" });
    } catch (error) {
      const { code, stderr } = error as { code?: string; stderr?: Buffer };
      if (code === "ENOENT") return `${command} is missing: test/lab/install.sh installs it`;
      return `${[command, ...args].join(" ")} failed: ${String(stderr).trim()}`;
    }
  }
  try {
    accessSync("/dev/net/tun");
  } catch {
    return "there is no /dev/net/tun";
  }
  return undefined;
}
