/**
 * `npm run bench`, or `node --import tsx bench/run.ts [systems] [--quick]`: compiles the benchmark and the sources it measures
 * to bench/dist, as a release would be, then measures in processes of plain Node. A loader that compiles on the fly would
 * change what is measured.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkFrozen } from "./frozen.ts";

const folder = new URL("./", import.meta.url);
checkFrozen(folder);
rmSync(new URL("dist", folder), { recursive: true, force: true });
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", folder));
const run = (...args: string[]): void => {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
run(tsc, "-p", fileURLToPath(new URL("../src", folder)));
run(tsc, "-p", fileURLToPath(new URL("../codegen", folder)));
run(tsc, "-p", fileURLToPath(folder));
const rivals = fileURLToPath(new URL("rivals", folder));
if (!existsSync(`${rivals}/node_modules`))
  spawnSync("npm", ["install", "--no-audit", "--no-fund"], { cwd: rivals, stdio: "inherit", shell: true });
const program =
  ["handshake", "logins", "relayed", "editor", "values"].find((name) => process.argv.includes(`--${name}`)) ?? "main";
run(fileURLToPath(new URL(`dist/bench/${program}.js`, folder)), ...process.argv.slice(2));
