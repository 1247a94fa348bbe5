// Runs the three programs of this folder as three processes, then lets them leave: first Foo, when it is done, then Bar and the Room.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

function run(name: string): ChildProcess {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, file], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null)
      createInterface({ input: stream }).on("line", (line) => console.log(`${name.padEnd(4)} | ${line}`));
  }
  return child;
}

async function ended(name: string, child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  console.log(`${name.padEnd(4)} | exit code ${child.exitCode ?? child.signalCode}`);
  if (child.exitCode !== 0) process.exitCode = 1;
}

const room = run("room");
const bar = run("bar");
const foo = run("foo");
room.once("exit", () => {
  foo.kill(); // without our own Room, say because its port is taken, the others have no business here
});
await ended("foo", foo);
bar.kill();
await ended("bar", bar);
room.kill();
await ended("room", room);
