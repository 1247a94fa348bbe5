#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { run } from "./run.ts";

/** The bin `chatroom-codegen`. Leaves with the code of the run even when a schema module keeps something open. */
const code = await run(process.argv.slice(2), {
  cwd: process.cwd(),
  version: readVersion(),
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
