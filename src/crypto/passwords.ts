import { LinkError } from "../base/errors.ts";
import { utf8 } from "./bytes.ts";

/** The longest password, in bytes once prepared. */
export const MAX_PASSWORD_BYTES = 1024;

/**
 * The bytes of a password that both ends agree on: every space becomes U+0020, then NFC, then UTF-8. The caller wipes them.
 * @throws LinkError ERR_PARAM for an empty or too long password, or one with a control character or a lone surrogate.
 */
export function preparePassword(password: string): Uint8Array {
  if (typeof password !== "string")
    throw new LinkError("ERR_PARAM", `a password must be a string, not ${typeof password}`);
  if (password === "") throw new LinkError("ERR_PARAM", "the password is empty");
  if (/\p{Cc}/u.test(password))
    throw new LinkError("ERR_PARAM", "the password holds a control character (a tab or line break, perhaps)");
  if (/\p{Cs}/u.test(password))
    throw new LinkError("ERR_PARAM", "the password holds half of a surrogate pair, which is not a character");
  const bytes = utf8(password.replace(/\p{Zs}/gu, " ").normalize("NFC"));
  if (bytes.length > MAX_PASSWORD_BYTES) {
    throw new LinkError(
      "ERR_PARAM",
      `the password takes ${bytes.length} bytes in UTF-8, more than ${MAX_PASSWORD_BYTES}`,
    );
  }
  return bytes;
}
