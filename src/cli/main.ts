#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { UsageError } from "./arguments.ts";
import { bans } from "./bans.ts";
import { codegen } from "./codegen.ts";
import { doctor } from "./doctor.ts";
import { hash } from "./hash.ts";
import { identity } from "./identity.ts";
import { init } from "./init.ts";
import { room } from "./room.ts";

const HELP = `chatroom: programs that call each other, wherever they run

usage:
  chatroom init NAME          a new project in the folder NAME: a Room and two users that call each other
  chatroom room [options]     runs a Room until Ctrl-C
  chatroom doctor USER        tells over which path a user is reached from here, and why not over a better one
  chatroom bans ACTION        lists, adds and lifts bans of a Room that runs with --state, or of one that will
  chatroom hash [options]     asks for a user's password and prints what the option users of Room.open, or a file of users, takes for it
  chatroom identity [options] makes an identity and prints it: a private text for its program, and a public one for others to pin
  chatroom codegen [options]  turns schemas/ into generated/ (chatroom codegen --help)
  chatroom --version

actions of bans, each with --state FILE, the file of the Room; a Room that runs follows within 2 seconds:
  list [--json]       the bans that hold now
  add ADDRESS         bars an address or subnet from the whole network; links from there end
      --seconds N     for how long (default: until it is lifted)
      --reason TEXT   for whoever reads the list
  lift ADDRESS        ends the ban of that address or subnet

options of doctor:
  --host HOST --port PORT  where the Room is (default 127.0.0.1, 2428); its password is taken from CHATROOM_PASSWORD, or asked for
  --ask-password      ask for the Room's password, without showing it
  --name NAME         the name to join under (default: doctor- and something random); where the Room has users, one of them that no program
                      has now: its password is taken from CHATROOM_USER_PASSWORD
  --ask-user-password ask for that password, without showing it
  --identity-file FILE  a private identity to show to the user that is to be reached; CHATROOM_IDENTITY may hold the text itself
  --lan NAME --listen-port PORT --public-host ADDRESS --no-encryption  as the options of User.join
  --seconds N         how long to look for a better path (default 8)
  --json              for programs

options of hash:
  --cost COST         the work of one guess: 2^COST rounds, 4 to 16 (default 10)

options of identity:
  --file FILE         keep the private text in that file, readable by its owner alone, and print the public one; of a file that is there
                      the public text is printed

options of room:
  --host HOST         the address to listen on (default 127.0.0.1: this machine alone; "::" is every address)
  --port PORT         default 2428; 0 takes any free one
  --probe-port PORT   a second port, for users to open holes for each other (default: the port after the first)
  --no-relay          users that find no direct path are not relayed
  --blacklist ADDRESS an address or subnet that is barred from the whole network, for good; may be given several times
  --identity-file FILE  the file with the Room's private identity, made by "chatroom identity --file"; CHATROOM_IDENTITY may hold the text itself
  --no-encryption     records are authenticated but readable; all users must say the same
  --users FILE        only these users join, each with a password of its own: JSON such as { "Foo": "what chatroom hash printed" }
  --state FILE        keep in that file what the Room must remember: its secret and its bans; made when it is not there
  --log LEVEL         silent, error, info (default) or debug
  --ask-password      ask for the Room's password, without showing it
  The password is taken from CHATROOM_PASSWORD. A Room that others can reach must have one: it is asked for where there is a terminal.
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  init,
  room,
  doctor,
  bans,
  hash,
  identity,
  codegen,
};

async function main(args: string[]): Promise<number> {
  const [first, ...rest] = args;
  const asksForHelp = rest.includes("--help") && first !== "codegen"; // which has a help of its own
  if (first === undefined || first === "help" || first === "--help" || first === "-h" || asksForHelp) {
    process.stdout.write(HELP);
    return first === undefined ? 2 : 0;
  }
  if (first === "--version" || first === "-v") {
    const file = new URL("../../package.json", import.meta.url);
    process.stdout.write(`${(JSON.parse(readFileSync(file, "utf8")) as { version: string }).version}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (command === undefined) throw new UsageError(`there is no command "${first}"`);
  return command(rest);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What went wrong is for the user; where in our code it did is not.
  process.stderr.write(`chatroom: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write("See: npx chatroom --help\n");
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
