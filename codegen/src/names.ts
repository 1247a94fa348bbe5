import type { Kind, Method } from "./model.ts";

/** The names that a kind's declarations get. Everything generated takes them from here, and so does the search for clashes. */
export function kindNames(kind: string) {
  return {
    handlers: `${kind}Handlers`,
    getHandlers: `${kind}GetHandlers`,
    sendHandlers: `${kind}SendHandlers`,
    peer: `${kind}Peer`,
    get: `${kind}Get`,
    send: `${kind}Send`,
    try: `${kind}Try`,
    peers: `${kind}Peers`,
    all: `${kind}All`,
    allGet: `${kind}AllGet`,
    allSend: `${kind}AllSend`,
    user: `${kind}User`,
    server: `${kind}Server`,
    client: `${kind}Client`,
  };
}

/** The names that belong to one method; which of them are declared depends on its types. */
export function methodNames(kind: string, method: string) {
  const base = `${kind}${method.slice(0, 1).toUpperCase()}${method.slice(1)}`;
  return {
    input: `${base}Input`,
    inputParsed: `${base}InputParsed`,
    output: `${base}Output`,
    outputParsed: `${base}OutputParsed`,
    errors: `${base}Errors`,
    errorsParsed: `${base}ErrorsParsed`,
    call: `${base}Call`,
  };
}

/** What network.d.ts declares for all kinds together. */
export const NETWORK_NAMES = [
  "AnyPeer",
  "Call",
  "Client",
  "Clients",
  "DeclaredErrors",
  "Handlers",
  "Peers",
  "Server",
  "Servers",
  "User",
  "Users",
] as const;

/** What generated files import from `chatroom/runtime`. */
export const RUNTIME_NAMES = [
  "Answers",
  "AnyKindPeer",
  "Awaitable",
  "CallContext",
  "CallOptions",
  "ClientOf",
  "ErrorOf",
  "Fails",
  "Group",
  "JoinOptions",
  "OpenClientOptions",
  "OpenServerOptions",
  "Result",
  "ServerOf",
  "Stranger",
  "UserOf",
] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** The generated files that belong to no kind, without their endings. */
export const NETWORK_FILES = ["index", "network"] as const;

/** Every name that a kind takes or may come to take, with the method it comes from. */
export function allNamesOf(kind: Kind): { name: string; method: Method | undefined }[] {
  const own = Object.values(kindNames(kind.name)).map((name) => ({ name, method: undefined }));
  const ofMethods = kind.methods.flatMap((method) =>
    Object.values(methodNames(kind.name, method.name)).map((name) => ({ name, method })),
  );
  const ofTypes = kind.types.flatMap(({ name, parsedName }) =>
    [...new Set([name, parsedName])].map((one) => ({ name: one, method: undefined })),
  );
  return [...own, ...ofMethods, ...ofTypes];
}

/** The words of a text as one name, each with a capital letter; accents are left out. */
export function pascalCase(name: string): string {
  const words = name
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .split(/[^\p{L}\p{N}]+/u);
  return words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join("");
}
