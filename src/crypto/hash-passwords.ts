import { LinkError } from "../base/errors.ts";
import { systemRandom } from "../base/random.ts";
import { nativeEngine } from "./native.ts";
import { bcrypt } from "./passwords-bcrypt.ts";
import { prepareUserPassword } from "./passwords.ts";
import { DEFAULT_COST, freshSetting } from "./passwords-setting.ts";
import { verifierOf } from "./verifier.ts";

export interface HashOptions {
  /** The work of one guess: 2^cost rounds, 4 to 16. The user's program does it once per start. Default 10: some 70 ms. */
  cost?: number | undefined;
}

/**
 * A table of users for the option `users`, from their passwords. What it holds checks logins and can't make them.
 * Works on a thread of its own.
 * @throws LinkError ERR_PARAM for a password that can't be one, also for more than 72 bytes.
 * @throws RangeError for a cost outside of 4 to 16.
 */
export async function hashPasswords<Names extends string>(
  passwords: Readonly<Record<Names, string>>,
  options: HashOptions = {},
): Promise<Record<Names, string>> {
  const named = Object.entries<string>(passwords);
  const cost = options.cost ?? DEFAULT_COST;
  freshSetting(cost, systemRandom); // a wrong cost is told also where nobody is in the table
  const jobs = named.map(([name, password]) => ({
    password: prepared(name, password),
    setting: freshSetting(cost, systemRandom),
  }));
  const hashes = jobs.length === 0 ? [] : await bcrypt(jobs);
  const entries = named.map(([name], at) => [name, verifierOf(nativeEngine, hashes[at] as string)] as const);
  return Object.fromEntries(entries) as Record<Names, string>;
}

function prepared(name: string, password: string): string {
  try {
    return prepareUserPassword(password);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    throw new LinkError(error.code, `the user ${JSON.stringify(name)}: ${error.message}`, { cause: error });
  }
}
