import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, UsageError } from "./arguments.ts";

interface Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Where this package is installed; its examples and schemas are what a new project begins with. */
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAMS = ["room.ts", "foo.ts", "bar.ts", "start.ts"];
const SCHEMAS = ["Foo.ts", "Bar.ts"];

/** `chatroom init NAME`: writes a project that runs. Nothing that exists is overwritten. */
export async function init(args: string[]): Promise<number> {
  const { positionals } = parse(args, {}, ["the NAME of the project"]);
  const folder = resolve(positionals[0] as string);
  const name = basename(folder);
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    throw new UsageError(`"${name}" can't be the name of a package: use small letters, digits, "-", "." and "_"`);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`${folder} is not empty; choose another name`);
  mkdirSync(join(folder, "src"), { recursive: true });
  mkdirSync(join(folder, "schemas"));
  for (const file of PROGRAMS) cpSync(join(PACKAGE, "examples", file), join(folder, "src", file));
  for (const file of SCHEMAS) cpSync(join(PACKAGE, "schemas", file), join(folder, "schemas", file));
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  write("package.json", `${JSON.stringify(manifest(name, folder), null, 2)}\n`);
  write("tsconfig.json", TSCONFIG);
  write(".gitignore", "node_modules/\n");
  write("README.md", readme(name));
  process.stdout.write(
    `${relative(process.cwd(), folder) || "."} is ready:\n\n  cd ${relative(process.cwd(), folder)}\n  npm install\n  npm start\n\n`,
  );
  return 0;
}

function manifest(name: string, folder: string): object {
  const own = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as Manifest;
  const version = (tool: string): string => `^${own.devDependencies[tool] ?? ""}`;
  return {
    name,
    private: true,
    type: "module",
    scripts: {
      codegen: "chatroom codegen",
      start: "chatroom codegen && tsx src/start.ts",
      room: "tsx src/room.ts",
      foo: "chatroom codegen && tsx src/foo.ts",
      bar: "chatroom codegen && tsx src/bar.ts",
      check: "chatroom codegen && tsc",
    },
    dependencies: { chatroom: specOf("chatroom", own.version, folder), zod: version("zod") },
    devDependencies: {
      "@types/node": version("@types/node"),
      "chatroom-codegen": specOf("chatroom-codegen", own.version, folder),
      tsx: version("tsx"),
      typescript: version("typescript"),
    },
  };
}

/** How a new project gets a package of ours: by its version, or from the file that it was installed from here. */
function specOf(name: string, version: string, folder: string): string {
  const modules = dirname(PACKAGE.replace(/\/$/, ""));
  const lock = join(modules, ".package-lock.json");
  if (basename(modules) !== "node_modules" || !existsSync(lock)) return `^${version}`;
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages: Record<string, { resolved?: string }> };
  const fileOf = (one: string): string | undefined => {
    const from = packages[`node_modules/${one}`]?.resolved;
    return from?.startsWith("file:") === true ? resolve(dirname(modules), from.slice("file:".length)) : undefined;
  };
  const own = fileOf("chatroom");
  const beside = own === undefined ? undefined : join(dirname(own), `${name}-${version}.tgz`);
  const file = fileOf(name) ?? (beside !== undefined && existsSync(beside) ? beside : undefined);
  return file === undefined ? `^${version}` : `file:${relative(folder, file)}`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2022",
    "lib": ["ES2023", "ESNext.Disposable"],
    "module": "NodeNext",
    "types": ["node"],
    "strict": true,
    "exactOptionalPropertyTypes": true,
    "noUncheckedIndexedAccess": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["src", "schemas", "generated"]
}
`;

function readme(name: string): string {
  return `# ${name}

Three programs that call each other: a Room that introduces, and two users, Foo and Bar.

    npm install
    npm start

- \`schemas/\` says what each kind of user answers (\`get\`) and accepts (\`send\`). After a change: \`npm run codegen\`.
- \`generated/\` is written by that command. Commit it, don't edit it.
- \`src/room.ts\`, \`src/foo.ts\` and \`src/bar.ts\` are the programs. Run them in three terminals: \`npm run room\`, \`npm run bar\`, \`npm run foo\`.
- \`npm run check\` tells what the compiler thinks of them.

A third program: add \`schemas/Baz.ts\` (export a \`Baz\` made by \`definePeer\`), run \`npm run codegen\`, and write \`src/baz.ts\` around \`joinRoom("Baz", handlers)\`; \`npx tsx src/baz.ts\` runs it.
`;
}
