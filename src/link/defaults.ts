import type { Logger } from "../base/log.ts";
import { AddressSet } from "./address-set.ts";

/** Where a Room listens, and where users look for it. */
export const DEFAULT_HOST = "127.0.0.1";
export const DEFAULT_PORT = 2428;

/** The password of a Room that has been given none. It serves on loopback only: elsewhere everybody knows it. */
export const DEFAULT_PASSWORD = "Passable";

/** The name that a Room answers to, and that no user can have. */
export const ROOM_NAME = "Room";

const LOOPBACK = new AddressSet(["127.0.0.0/8", "::1"]);

/** Whether an address, or the name "localhost", leads to this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || LOOPBACK.has(host);
}

/** RFC 1918, RFC 4193, RFC 6598, and link-local ones. */
const PRIVATE = new AddressSet([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
]);

/** Whether an address is of this machine or of a private network. */
export function isPrivate(host: string): boolean {
  return isLoopback(host) || PRIVATE.has(host);
}

/** The port that an option asks for. @throws TypeError when it is not a whole number from 0 to 65535. */
export function portOption(value: number | undefined, name: string, fallback: number): number {
  const port = value ?? fallback;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError(`${name} must be a whole number from 0 to 65535, not ${String(value)}`);
  return port;
}

/**
 * The password of a program that listens.
 * @param example how the option is given, for the message: "Server.listen"
 * @throws TypeError for the default password, given or not, on an address that others can reach.
 */
export function ownPassword(example: string, host: string = DEFAULT_HOST, password: string = DEFAULT_PASSWORD): string {
  if (password !== DEFAULT_PASSWORD || isLoopback(host)) return password;
  throw new TypeError(
    `others can reach ${host}, so it needs a password of its own: ${example}({ host: "${host}", password: "..." }). ` +
      `The default password "${DEFAULT_PASSWORD}" is known to everybody and serves on 127.0.0.1 only.`,
  );
}

/** A password of fewer characters can be guessed within years at the rate that the limits on guesses allow: PROTOCOL §4. */
const SHORT_PASSWORD = 10;

/** Tells, at the start of a program that others can reach, that its password is short. */
export function warnOfShortPassword(log: Logger, host: string, password: string | undefined): void {
  const { length } = Array.from((password ?? DEFAULT_PASSWORD).normalize("NFC"));
  if (length >= SHORT_PASSWORD || isLoopback(host)) return;
  log.warn(
    {},
    `the password has ${length} characters, and others can reach ${host}: choose ${SHORT_PASSWORD} or more, at random`,
  );
}

/**
 * The password for a program elsewhere.
 * @param option how the option is called, for the message: "room.password"
 * @throws TypeError when there is none for an address that is not loopback.
 */
export function passwordFor(option: string, host: string, password: string | undefined): string {
  if (password === undefined && !isLoopback(host))
    throw new TypeError(
      `${option} is needed for ${host}: the default password "${DEFAULT_PASSWORD}" serves on 127.0.0.1 only`,
    );
  return password ?? DEFAULT_PASSWORD;
}
