// Runs the three programs of this folder as three processes, then lets them leave: first Foo, when it is done, then Bar and the Room.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const width = 4;

function run(name: string): ChildProcess {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, file], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => console.log(`${name.padEnd(width)} | ${line}`));
  }
  return child;
}

async function ended(name: string, child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  console.log(`${name.padEnd(width)} | exit code ${child.exitCode ?? child.signalCode}`);
  if (child.exitCode !== 0) process.exitCode = 1;
}

const room = run("room");
const bar = run("bar");
const foo = run("foo");
await ended("foo", foo);
bar.kill("SIGTERM");
await ended("bar", bar);
room.kill("SIGTERM");
await ended("room", room);
