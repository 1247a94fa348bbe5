import type { Users } from "../link/user-table.ts";
import { readPrivate } from "./private-file.ts";

const WHAT = "the file of users";
const FORM = '{ "Foo": "what npx chatroom hash printed" }';

/** The table of users in a file: JSON, names with what `hashPasswords` or `chatroom hash` made. What the Room takes is checked there. */
export async function readUsers(file: string): Promise<Users> {
  const text = await readPrivate(file, WHAT, "hashes of passwords", `write ${FORM} into it`);
  let users: unknown;
  try {
    users = JSON.parse(text);
  } catch {
    // the error of JSON.parse may quote the text
  }
  if (typeof users !== "object" || users === null || Array.isArray(users))
    throw new Error(`${WHAT} ${file} must be JSON such as ${FORM}`);
  return users as Users;
}
