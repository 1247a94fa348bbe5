import { systemClock } from "../base/clock.ts";
import { loggerOf } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { AddressSet } from "../link/address-set.ts";
import type { Ban } from "../schema/ban-types.ts";
import { isOver, makeBan, withBan, withoutBan } from "../state/ban.ts";
import type { State } from "../state/state.ts";
import { StateFile } from "../state/state-file.ts";
import { parse, UsageError } from "./arguments.ts";

/** `chatroom bans list|add|lift`: the bans in a state file; a Room or server that runs with it notices within 2 s. */
export async function bans(args: string[]): Promise<number> {
  const [action, ...rest] = args;
  switch (action) {
    case "list":
      return list(rest);
    case "add":
      return add(rest);
    case "lift":
      return lift(rest);
    default:
      throw new UsageError(
        `bans needs one of the words list, add and lift${action === undefined ? "" : `, not "${action}"`}`,
      );
  }
}

const STATE = { state: { type: "string" } } as const;

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, { ...STATE, json: { type: "boolean" } });
  const file = fileOf(values.state);
  const live = existing(await file.read(), file).bans.filter((ban) => !isOver(ban, Date.now()));
  if (values.json === true) process.stdout.write(`${JSON.stringify(live, undefined, 2)}\n`);
  else if (live.length === 0) process.stdout.write("Nobody is banned.\n");
  else process.stdout.write(live.map((ban) => `${show(ban)}\n`).join(""));
  return 0;
}

async function add(args: string[]): Promise<number> {
  const options = { ...STATE, seconds: { type: "string" }, reason: { type: "string" } } as const;
  const { values, positionals } = parse(args, options, ["the ADDRESS to ban"]);
  const { reason } = values;
  if (values.seconds !== undefined && !/^\d{1,12}(\.\d{1,3})?$/.test(values.seconds))
    throw new UsageError(`--seconds must be a number above 0, not "${values.seconds}"`);
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  const file = fileOf(values.state);
  const ban = usage(() => makeBan(positionals[0] as string, { seconds, reason }, Date.now()));
  await file.update((state) => {
    const { secret, bans: known } = existing(state, file);
    return { secret, bans: withBan(known, ban) };
  });
  process.stdout.write(`Banned: ${show(ban)}\n`);
  return 0;
}

async function lift(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, STATE, ["the ADDRESS to lift"]);
  const address = positionals[0] as string;
  const file = fileOf(values.state);
  usage(() => withoutBan([], address));
  await file.update((state) => {
    const { secret, bans: known } = existing(state, file);
    const live = known.filter((ban) => !isOver(ban, Date.now()));
    const left = withoutBan(live, address);
    if (left.length === live.length) throw new Error(notBanned(address, live));
    return { secret, bans: left };
  });
  process.stdout.write(`Lifted: ${address}\n`);
  return 0;
}

function fileOf(path: string | undefined): StateFile {
  if (path === undefined || path === "")
    throw new UsageError("--state FILE is missing: the file that the Room has as its --state");
  return new StateFile(path, {
    clock: systemClock,
    random: systemRandom,
    log: loggerOf("silent", ""),
    keepsDamaged: true,
  });
}

/** A path with a slip of the pen must not become a new file that no Room reads. */
function existing(state: State | undefined, file: StateFile): State {
  if (state !== undefined) return state;
  throw new Error(`there is no state file ${file.path}: a Room makes it when it starts with --state ${file.path}`);
}

/** What the words of the command line make impossible is an error of theirs. */
function usage<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function notBanned(address: string, live: readonly Ban[]): string {
  const wider = live.find((ban) => new AddressSet([ban.address]).has(address));
  return wider === undefined
    ? `${address} is not banned`
    : `${address} is not banned by itself, but as part of ${wider.address}: lift that one`;
}

function show({ address, since, until, reason }: Ban): string {
  const end = until === undefined ? "until it is lifted" : `until ${until.toISOString()}`;
  return `${address}  since ${since.toISOString()}, ${end}${reason === undefined ? "" : `: ${reason}`}`;
}
