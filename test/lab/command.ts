import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** Debian keeps these commands where only root's PATH looks. */
export const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Runs a command to its end and gives what it printed. @throws Error with what it wrote to stderr */
export function run(command: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH };
    const child = execFile(command, args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on("error", () => {}); // it ended without reading all: its exit tells
    child.stdin?.end(input);
  });
}

/** Runs `ip` commands, one a line, in a namespace or in the machine's own. */
export async function ip(namespace: string | undefined, lines: readonly string[]): Promise<void> {
  const where = namespace === undefined ? [] : ["-netns", namespace];
  await run("ip", [...where, "-batch", "-"], `${lines.join("\n")}\n`);
}

/** Runs a command inside a namespace. */
export function runIn(namespace: string, command: string, args: readonly string[], input?: string): Promise<string> {
  return run("ip", ["netns", "exec", namespace, command, ...args], input);
}

/**
 * Waits until every interface of this namespace that is set up, or this one of them, works or does not: the kernel tells a change of the
 * carrier up to a second late, and until then drops what it is given. @throws Error after 5 s
 */
export async function linksAre(state: "up" | "down", namespace: string, device?: string): Promise<void> {
  const which = device === undefined ? ["up"] : [device];
  const late = performance.now() + 5_000;
  for (;;) {
    const links = (await run("ip", ["-netns", namespace, "-brief", "link", "show", ...which])).trim().split("\n");
    const others = links.filter((link) => /^\S+ +\S*DOWN/.test(link) !== (state === "down"));
    if (others.length === 0) return;
    if (performance.now() > late) throw new Error(`not ${state} in ${namespace}: ${others.join("; ")}`);
    await sleep(5);
  }
}
