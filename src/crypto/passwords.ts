import { LinkError } from "../base/errors.ts";
import { utf8 } from "./bytes.ts";

/** The longest password, in bytes once prepared. */
export const MAX_PASSWORD_BYTES = 1024;

/** The longest password of a user: bcrypt reads no byte behind these. */
export const MAX_USER_PASSWORD_BYTES = 72;

/**
 * The bytes of a password that both ends agree on: every space becomes U+0020, then NFC, then UTF-8. The caller wipes them.
 * @throws LinkError ERR_PARAM for an empty or too long password, or one with a control character or a lone surrogate.
 */
export function preparePassword(password: string): Uint8Array {
  const bytes = utf8(preparedText(password));
  assertLength(bytes, MAX_PASSWORD_BYTES);
  return bytes;
}

/**
 * The text of a user's own password, prepared alike, as bcrypt takes it.
 * @throws LinkError ERR_PARAM as {@link preparePassword}, and beyond 72 bytes: bcrypt would ignore the rest of it.
 */
export function prepareUserPassword(password: string): string {
  const text = preparedText(password);
  assertLength(utf8(text), MAX_USER_PASSWORD_BYTES);
  return text;
}

function preparedText(password: string): string {
  if (typeof password !== "string")
    throw new LinkError("ERR_PARAM", `a password must be a string, not ${typeof password}`);
  if (password === "") throw new LinkError("ERR_PARAM", "the password is empty");
  if (/\p{Cc}/u.test(password))
    throw new LinkError("ERR_PARAM", "the password holds a control character (a tab or line break, perhaps)");
  if (/\p{Cs}/u.test(password))
    throw new LinkError("ERR_PARAM", "the password holds half of a surrogate pair, which is not a character");
  return password.replace(/\p{Zs}/gu, " ").normalize("NFC");
}

function assertLength({ length }: Uint8Array, most: number): void {
  if (length > most) throw new LinkError("ERR_PARAM", `the password takes ${length} bytes in UTF-8, more than ${most}`);
}
