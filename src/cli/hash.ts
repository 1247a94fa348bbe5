import { hashPasswords } from "../crypto/hash-passwords.ts";
import { DEFAULT_COST, MAX_COST, MIN_COST } from "../crypto/passwords-setting.ts";
import { parse, UsageError } from "./arguments.ts";
import { askSecret } from "./ask-secret.ts";

/** `chatroom hash`: asks for a user's password and prints its verifier, the entry of that user in the table of a Room or Server. */
export async function hash(args: string[]): Promise<number> {
  const { values } = parse(args, { cost: { type: "string", default: String(DEFAULT_COST) } });
  const cost = Number(values.cost);
  if (!/^\d+$/.test(values.cost) || cost < MIN_COST || cost > MAX_COST)
    throw new UsageError(`--cost must be a whole number from ${MIN_COST} to ${MAX_COST}, not "${values.cost}"`);
  const password = await askSecret("Password of the user: ");
  if (process.stdin.isTTY && password !== (await askSecret("The same again: ")))
    throw new Error("the two passwords differ");
  const { user } = await hashPasswords({ user: password }, { cost });
  process.stdout.write(`${user}\n`);
  return 0;
}
