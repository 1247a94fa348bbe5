import { LinkError } from "../base/errors.ts";

/** `host:port` as people write it: IPv6 addresses in brackets. */
export function showAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @throws LinkError ERR_PARAM when `host` or `port` can't be; `least` is the lowest port allowed. */
export function checkAddress(host: string, port: number, least: 0 | 1): void {
  if (typeof host !== "string" || host.trim() === "")
    throw new LinkError(
      "ERR_PARAM",
      `host must be a host name or an address, not ${JSON.stringify(host) ?? "undefined"}`,
    );
  if (!Number.isInteger(port) || port < least || port > 65_535)
    throw new LinkError("ERR_PARAM", `port must be a whole number from ${least} to 65535, not ${String(port)}`);
}

/** Why a connection to that address could not be opened. */
export function dialError(error: unknown, host: string, port: number): LinkError {
  const at = showAddress(host, port);
  const texts: Record<string, string> = {
    ECONNREFUSED: `nobody listens at ${at} (connection refused)`,
    ECONNRESET: `${at} cut the connection off while it was being opened`,
    ENOTFOUND: `there is no host called ${JSON.stringify(host)}`,
    EAI_AGAIN: `the name of the host ${JSON.stringify(host)} can't be looked up now: the name server does not answer`,
    ETIMEDOUT: `${at} does not answer: wrong address, or a firewall drops what is sent there`,
    EHOSTUNREACH: `there is no way to ${at}: the host is off or in another network`,
    ENETUNREACH: `there is no way to ${at}: this machine has no route to that network`,
    EADDRNOTAVAIL: `${at} can't be dialled from the local address asked for`,
    EADDRINUSE: `${at} can't be dialled: the local port asked for is in use`,
    EACCES: `this program is not allowed to connect to ${at}`,
    EPERM: `this program is not allowed to connect to ${at}`,
    EMFILE: `${at} can't be dialled: this program has too many files and sockets open`,
  };
  return unreachable(error, texts, `the connection to ${at} could not be opened`);
}

/** Why that port could not be listened on. */
export function listenError(error: unknown, host: string, port: number): LinkError {
  const at = showAddress(host, port);
  const texts: Record<string, string> = {
    EADDRINUSE: `port ${port} of ${host} is taken: another program listens there. Stop it, or choose another port (0: any free one)`,
    EACCES: `this program is not allowed to listen on port ${port}; ports below 1024 need special rights`,
    EADDRNOTAVAIL: `this machine has no address ${host} to listen on`,
    ENOTFOUND: `there is no host called ${JSON.stringify(host)} to listen on`,
    EAFNOSUPPORT: `this machine has no IPv6, so it can't listen on ${host}; 0.0.0.0 is all of IPv4`,
    EMFILE: `${at} can't be listened on: this program has too many files and sockets open`,
  };
  return unreachable(error, texts, `${at} can't be listened on`);
}

function unreachable(error: unknown, texts: Record<string, string>, otherwise: string): LinkError {
  const code = codeOf(error);
  const text = texts[code] ?? `${otherwise}: ${error instanceof Error ? error.message || code : String(error)}`;
  return new LinkError("ERR_UNREACHABLE", text, { cause: error });
}

/** The system's code of an error; of several attempts, that of the last one (IPv4 comes last). */
function codeOf(error: unknown): string {
  const last: unknown = error instanceof AggregateError ? (error.errors.at(-1) ?? error) : error;
  return last instanceof Error && "code" in last ? String(last.code) : "";
}
