import { once } from "node:events";
import type { LogOption } from "../base/log.ts";
import { DEFAULT_HOST, isLoopback } from "../link/defaults.ts";
import { Room } from "../room/room.ts";
import { parse, UsageError } from "./arguments.ts";
import { secretFrom } from "./ask-secret.ts";
import { identityOf } from "./identity.ts";
import { readUsers } from "./users.ts";

const LEVELS = ["silent", "error", "info", "debug"];

/** `chatroom room`: a Room until SIGINT or SIGTERM. */
export async function room(args: string[]): Promise<number> {
  const { values } = parse(args, {
    host: { type: "string", default: DEFAULT_HOST },
    port: { type: "string" },
    "probe-port": { type: "string" },
    "no-relay": { type: "boolean" },
    blacklist: { type: "string", multiple: true },
    state: { type: "string" },
    users: { type: "string" },
    "identity-file": { type: "string" },
    "no-encryption": { type: "boolean" },
    log: { type: "string", default: "info" },
    "ask-password": { type: "boolean" },
  });
  const port = portOf("--port", values.port);
  const probePort = portOf("--probe-port", values["probe-port"]);
  if (!LEVELS.includes(values.log))
    throw new UsageError(`--log must be one of ${LEVELS.join(", ")}, not "${values.log}"`);
  // Without one the Room decides.
  const password = await secretFrom("CHATROOM_PASSWORD", "Password of the Room: ", {
    ask: values["ask-password"],
    isNeeded: !isLoopback(values.host),
  });
  process.stderr.on("error", () => {}); // whoever reads the log may go away: the Room goes on
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]); // before anybody can see that it is open
  await using open = await Room.open({
    host: values.host,
    port,
    probePort,
    relay: values["no-relay"] !== true,
    password,
    blacklist: values.blacklist,
    state: values.state,
    users: values.users === undefined ? undefined : await readUsers(values.users),
    identity: await identityOf(values["identity-file"]),
    encryption: values["no-encryption"] !== true,
    log: values.log as LogOption,
  });
  process.stdout.write(`A Room is open on ${open.host}:${open.port}. Ctrl-C closes it.\n`);
  await stopped;
  return 0;
}

function portOf(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!(/^\d{1,5}$/.test(value) && Number(value) <= 65_535))
    throw new UsageError(`${option} must be a whole number from 0 to 65535, not "${value}"`);
  return Number(value);
}
