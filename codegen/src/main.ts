#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { paintFor } from "./color.ts";
import { run } from "./run.ts";

// What schemas print is no part of the output, which other programs may read.
const out = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

/** The bin `chatroom-codegen`. Leaves with the code of the run even when a schema module keeps something open. */
const code = await run(process.argv.slice(2), {
  cwd: process.cwd(),
  version: readVersion(),
  out: (text) => out(text),
  error: (text) => process.stderr.write(text),
  paint: { out: paintFor(process.stdout, process.env), error: paintFor(process.stderr, process.env) },
});
out("", () => process.stderr.write("", () => process.exit(code)));

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
