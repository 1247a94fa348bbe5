/** Entry `chatroom/runtime`: what generated code stands on. Programs import their own `generated/index.js` and `chatroom`. */
import { PeerError } from "./base/errors.ts";
import type { Codecs, Method, Word } from "./call/contract.ts";
import type { HandlerCall } from "./call/handler-call.ts";
import { type Handler, Registry } from "./call/registry.ts";
import type { Schema } from "./call/validation.ts";
import type { KindMethods } from "./peer/calls.ts";
import type { Around } from "./schema/context-types.ts";
import type { GetSchema, PeerSchema, SendSchema, ZodLike } from "./schema/define-peer.ts";
import type { Network } from "./schema/network-types.ts";
import { Client } from "./server/client.ts";
import { Server } from "./server/server.ts";
import { User } from "./user/user.ts";

export * from "./schema/runtime-types.ts";
export { contextKey } from "./call/handler-call.ts";
export type { Codecs, MethodCodec } from "./call/contract.ts";
export type { ShapeReader } from "./wire/shape-reader.ts";
export type { ShapeCodec } from "./wire/values.ts";
export type { ShapeWriter } from "./wire/values-encode.ts";

type KindMethod = KindMethods["methods"][number];

/** Ties the schemas of a network, and the generated codecs of its kinds, to the running library: gives what the generated index exports, once it is typed there. */
export function bind<
  Handlers,
  Users extends Record<keyof Handlers, unknown>,
  Call,
  Servers extends Record<keyof Handlers, unknown> = Record<keyof Handlers, unknown>,
  Clients extends Record<keyof Handlers, unknown> = Record<keyof Handlers, unknown>,
>(
  schemas: Readonly<Record<keyof Handlers & string, PeerSchema>>,
  codecs: Readonly<Record<string, Codecs>> = {},
): Network<Handlers, Users, Call, Servers, Clients> {
  const kinds = Object.entries<PeerSchema>(schemas).map(([kind, schema]) => kindMethods(kind, schema, codecs[kind]));
  const declared = new Map(
    kinds.flatMap(({ methods }) => methods.map((method) => [method.label, new Set(Object.keys(method.errors ?? {}))])),
  );
  // The generated index says of what kind a program is; here nobody knows.
  return {
    async joinRoom(kind, handlers, options) {
      const registry = registryOf("joinRoom", kinds, kind, handlers, options);
      return (await User.join(options?.name ?? kind, options, { registry, kinds })) as Users[typeof kind];
    },
    async openServer(kind, handlers, options) {
      const registry = registryOf("openServer", kinds, kind, handlers, options);
      const named = { ...options, name: options?.name ?? kind };
      return (await Server.listen(named, { registry, kinds })) as Servers[typeof kind];
    },
    async openClient(kind, handlers, options) {
      const registry = registryOf("openClient", kinds, kind, handlers, options);
      return (await Client.open(options?.name ?? kind, options, { registry, kinds })) as Clients[typeof kind];
    },
    isError(error, method, code) {
      if (!(error instanceof PeerError) || error.method !== method) return false;
      return code === undefined ? declared.get(method)?.has(error.code) === true : error.code === code;
    },
  };
}

function kindMethods(kind: string, schema: PeerSchema, codecs: Codecs = {}): KindMethods {
  const method = (word: Word, name: string, one: GetSchema & SendSchema): KindMethod => ({
    word,
    name,
    label: `${kind}.${name}`,
    input: schemaOf(one.input),
    output: schemaOf(one.output),
    errors:
      one.errors === undefined
        ? undefined
        : (one.errors as Readonly<Record<string, unknown>> as Readonly<Record<string, Schema>>),
    from: one.from,
    fromNames: one.fromNames,
    codec: Object.hasOwn(codecs, name) ? codecs[name] : undefined,
  });
  return {
    kind,
    methods: [
      ...Object.entries(schema.get ?? {}).map(([name, one]) => method("get", name, one)),
      ...Object.entries(schema.send ?? {}).map(([name, one]) =>
        method("send", name, "_zod" in one ? { input: one } : one),
      ),
    ],
  };
}

/** Every schema of zod 4 also speaks Standard Schema, which is all that running code uses of it. */
function schemaOf(schema: ZodLike | undefined): Schema | undefined {
  return schema as Schema | undefined;
}

/**
 * The methods of one kind with their handlers. The compiler has checked them; plain JavaScript is told here what is missing.
 * @param caller the function that was called, for messages
 */
function registryOf(
  caller: string,
  kinds: readonly KindMethods[],
  kind: string,
  handlers: unknown,
  options: { handling?: readonly unknown[] | undefined } | undefined,
): Registry {
  const own = kinds.find((one) => one.kind === kind);
  if (own === undefined)
    throw new TypeError(
      `${caller}: no schema declares the kind "${kind}"; generated/ knows ${kinds.map((one) => one.kind).join(", ")}: run codegen after a new schema`,
    );
  const registry = new Registry(kind, (options?.handling ?? []) as readonly Around<HandlerCall>[]);
  const given = handlers as Partial<Record<Word, Record<string, unknown>>> | undefined;
  for (const method of own.methods) {
    const handler = given?.[method.word]?.[method.name];
    if (typeof handler !== "function")
      throw new TypeError(
        `${caller}("${kind}"): the handler ${method.word}.${method.name} is missing; after a change of the schemas run codegen, and the compiler tells`,
      );
    registry.handle({ ...(method satisfies Method), handler: handler as Handler });
  }
  for (const [word, named] of Object.entries(given ?? {})) {
    for (const name of Object.keys(named ?? {})) {
      if (own.methods.some((method) => method.word === word && method.name === name)) continue;
      throw new TypeError(
        `${caller}("${kind}"): the schema declares no ${word}.${name}, and there is a handler for it`,
      );
    }
  }
  return registry;
}
