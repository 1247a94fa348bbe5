import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { CHATROOM } from "./built.ts";

/** A command line that was started, and what it said so far. */
export interface Command {
  readonly child: ChildProcess;
  out: string;
  err: string;
  /** Its exit code, once it has ended. */
  readonly code: Promise<number | null>;
}

/** Starts `chatroom` as users do; it ends with the test. Of the environment it has the PATH, and what it is given. `input`: what is typed. */
export function startChatroom(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Command {
  const child = spawn(process.execPath, [CHATROOM, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const code = once(child, "close").then(() => child.exitCode);
  const command: Command = { child, out: "", err: "", code };
  child.stdout.on("data", (chunk: Buffer) => (command.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (command.err += chunk.toString()));
  child.stdin.end(options.input ?? "");
  onTestFinished(() => void child.kill("SIGKILL"));
  return command;
}

/** Runs it to its end. */
export async function runChatroom(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const command = startChatroom(args);
  const code = await command.code;
  return { code, out: command.out, err: command.err };
}
