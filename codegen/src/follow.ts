/** Finds the parts of schemas in the text of the project: through names, imports, spreads and chains of methods. */
import type { Located, Sources } from "./sources.ts";
import type { Expression, Member, SourceModule } from "./source-tree.ts";

/** How deep names, spreads and chains are followed; schemas that need more lose precision of place, nothing else. */
const MAX_STEPS = 200;

/** The schema methods, and functions of zod, that make a schema of each wrapping type. */
const WRAPPERS: Readonly<Record<string, readonly string[]>> = {
  array: ["array"],
  optional: ["optional", "exactOptional"],
  nullable: ["nullable", "nullish"],
  default: ["default", "_default"],
  prefault: ["prefault"],
  nonoptional: ["nonoptional"],
  readonly: ["readonly"],
  catch: ["catch"],
  set: ["set"],
  success: ["success"],
};

/** The functions of zod whose argument at that index is such a part. */
const ARGUMENTS: Readonly<Record<string, readonly [names: readonly string[], index: number]>> = {
  record: [["record", "partialRecord", "looseRecord", "map"], 1],
  key: [["record", "partialRecord", "looseRecord", "map"], 0],
  rest: [["tuple"], 1],
  left: [["intersection"], 0],
  right: [["intersection"], 1],
  in: [["pipe", "codec"], 0],
  out: [["pipe", "codec", "preprocess"], 1],
};

/** The methods that make such a part of their argument. */
const ARGUMENT_OF: Readonly<Record<string, string>> = { rest: "rest", catchall: "catchall", right: "and", out: "pipe" };

/** The methods that make such a part of the schema that they are called on. */
const SUBJECT_OF: Readonly<Record<string, readonly string[]>> = { left: ["and"], in: ["pipe", "transform"] };

/** Goes from a name to what it stands for, as far as the project's own text tells. */
export function follow(sources: Sources, at: Located): Located {
  let now = at;
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = followOnce(sources, now);
    if (next === undefined) return now;
    now = next;
  }
  return now;
}

function followOnce(sources: Sources, at: Located): Located | undefined {
  const { module, expression, given } = at;
  if (expression.kind === "name")
    return given?.has(expression.name) ? given.get(expression.name) : sources.resolve(module, expression.name);
  if (expression.kind !== "member" || expression.name === "shape") return undefined;
  const { object, name } = expression;
  if (object.kind === "name") {
    const found = sources.resolveMember(module, object.name, name);
    if (found) return found;
  }
  const found = findMember(sources, { ...at, expression: object }, name);
  return found && valueOf(found);
}

/** The member of an object, and where that stands. */
export interface FoundMember extends Omit<Located, "expression"> {
  member: Member;
}

export function valueOf({ member, ...at }: FoundMember): Located {
  return { ...at, expression: member.value };
}

/** What a function of the project's own gives that is called there, where it does nothing else. */
function givenBy(sources: Sources, at: Located): Located | undefined {
  if (at.expression.kind !== "call") return undefined;
  const { callee, args } = at.expression;
  if (callee.kind === "member") {
    // The methods of a schema are none of the project's own.
    if (callee.object.kind !== "name") return undefined;
    const { kind } = follow(sources, { ...at, expression: callee.object }).expression;
    if (kind !== "object" && kind !== "name") return undefined;
  }
  const { module, expression } = follow(sources, { ...at, expression: callee });
  if (expression.kind !== "function") return undefined;
  const given = new Map<string, Located | undefined>();
  for (const [index, name] of expression.parameters.entries()) {
    const argument = args[index];
    if (name !== undefined) given.set(name, argument && { ...at, expression: argument });
  }
  return { module, expression: expression.body, given };
}

/** The member of an object literal or of an object schema, in the module where it is written. */
export function findMember(sources: Sources, at: Located, name: string, steps = MAX_STEPS): FoundMember | undefined {
  if (steps <= 0) return undefined;
  const seen = at.expression.kind === "name" ? follow(sources, at) : at;
  const { expression, ...where } = seen;
  const inside = (part: Expression) => findMember(sources, { ...where, expression: part }, name, steps - 1);
  if (expression.kind === "member") {
    const next = expression.name === "shape" ? undefined : followOnce(sources, seen);
    return next ? findMember(sources, next, name, steps - 1) : inside(expression.object);
  }
  if (expression.kind === "call") {
    const made = givenBy(sources, seen);
    return made ? findMember(sources, made, name, steps - 1) : firstOf(shapesOf(where.module, expression), inside);
  }
  if (expression.kind !== "object") return undefined;
  return firstOf(expression.members.toReversed(), (member) => {
    if (member.name === undefined) return inside(member.value);
    return member.name === name ? { ...where, member } : undefined;
  });
}

/** The parts of a call that may hold the fields of the schema it makes, the decisive one first. */
function shapesOf(module: SourceModule, expression: Expression & { kind: "call" }): readonly Expression[] {
  const { callee, args } = expression;
  const made = constructorOf(module, expression);
  const name = made ?? (callee.kind === "member" ? callee.name : "");
  // What pick, omit and their like are given has the same keys, but no schemas.
  const addsFields = /^(?:extend|safeExtend|merge|object|strictObject|looseObject)$/.test(name);
  if (made !== undefined) return addsFields ? args.toReversed() : args.slice(0, 1);
  if (callee.kind !== "member") return [];
  return addsFields ? [...args.slice(0, 1), callee.object] : [callee.object];
}

/** An item of an array literal, or of a schema made from one. */
export function findItem(sources: Sources, at: Located, index: number, steps = MAX_STEPS): Located | undefined {
  if (steps <= 0) return undefined;
  const seen = follow(sources, at);
  const { expression, ...where } = seen;
  const inside = (part: Expression) => findItem(sources, { ...where, expression: part }, index, steps - 1);
  if (expression.kind === "array") {
    const item = expression.items[index];
    return item && { ...where, expression: item };
  }
  if (expression.kind !== "call") return undefined;
  if (constructorOf(where.module, expression) !== undefined) return firstOf(expression.args, inside);
  const made = givenBy(sources, seen);
  if (made) return findItem(sources, made, index, steps - 1);
  if (expression.callee.kind !== "member") return undefined;
  const { object, name } = expression.callee;
  if (name !== "or") return inside(object);
  const part = index === 0 ? object : expression.args[0];
  return part && { ...where, expression: part };
}

/** What a schema of that type wraps; "record" gives the values of a record or map, "key" its keys, "rest" the rest of a tuple; else as zod calls it. */
export function findInner(sources: Sources, at: Located, type: string, steps = MAX_STEPS): Located | undefined {
  if (steps <= 0) return undefined;
  const seen = follow(sources, at);
  const { expression, ...where } = seen;
  if (expression.kind !== "call") return undefined;
  const made = constructorOf(where.module, expression);
  if (made !== undefined) {
    if (type === "optional" && made === "nullish") return seen;
    const [names, index] = ARGUMENTS[type] ?? [WRAPPERS[type] ?? [], 0];
    const [first] = expression.args;
    if (type === "lazy") return first?.kind === "function" ? { ...where, expression: first.body } : undefined;
    const part = names.includes(made) ? expression.args[index] : undefined;
    return part && { ...where, expression: part };
  }
  const given = givenBy(sources, seen);
  if (given) return findInner(sources, given, type, steps - 1);
  if (expression.callee.kind !== "member") return undefined;
  const { object, name } = expression.callee;
  const [argument] = expression.args;
  if (ARGUMENT_OF[type] === name && argument) return { ...where, expression: argument };
  if (SUBJECT_OF[type]?.includes(name)) return { ...where, expression: object };
  if (type === "optional" && name === "nullish") return seen;
  if (WRAPPERS[type]?.includes(name)) return { ...where, expression: object };
  return findInner(sources, { ...where, expression: object }, type, steps - 1);
}

/** The function of zod that is called, as in `z.object(...)`, `z.iso.date()` or `object(...)`; undefined for anything else. */
export function constructorOf(module: SourceModule, expression: Expression & { kind: "call" }): string | undefined {
  const { callee } = expression;
  if (callee.kind === "name") {
    const found = module.imports.find((one) => one.local === callee.name && isZodPath(one.from));
    return found?.imported;
  }
  if (callee.kind !== "member") return undefined;
  const isNested = callee.object.kind === "member" && isZod(module, callee.object.object);
  return isZod(module, callee.object) || isNested ? callee.name : undefined;
}

/** Whether a name stands for zod, or for a function of it. */
export function isZod(module: SourceModule, expression: Expression): boolean {
  if (expression.kind !== "name") return false;
  return module.imports.some((one) => one.local === expression.name && isZodPath(one.from));
}

function isZodPath(path: string): boolean {
  return path === "zod" || path.startsWith("zod/");
}

function firstOf<Item, Found>(items: readonly Item[], find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
