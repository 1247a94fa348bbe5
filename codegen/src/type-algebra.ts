import { NOTHING, type Type } from "./model.ts";

/** Any value at all; also what stands for a type whose problem was noted, so that reading can go on. */
export const UNKNOWN: Type = { kind: "plain", text: "unknown" };

/** No value at all. */
const NEVER: Type = { kind: "plain", text: "never" };

/** The type of exactly that value. */
export function literalOf(value: unknown): Type {
  if (typeof value === "bigint") return { kind: "plain", text: `${value}n` };
  if (typeof value === "string") return { kind: "plain", text: JSON.stringify(value) };
  // A type can't say NaN or Infinity.
  if (typeof value === "number" && !Number.isFinite(value)) return { kind: "plain", text: "number" };
  return { kind: "plain", text: String(value) };
}

/** A union without nested unions and doubles, and without what another member already covers. */
export function unionOf(types: readonly Type[]): Type {
  const flat = types.flatMap((type) => (type.kind === "union" ? type.members : [type]));
  if (flat.some((type) => isPlain(type, "unknown"))) return UNKNOWN;
  const members = flat.filter((type, index) => {
    if (isPlain(type, "never")) return false;
    return type.kind !== "plain" || flat.findIndex((other) => isPlain(other, type.text)) === index;
  });
  const [first] = members;
  if (first === undefined) return NEVER;
  return members.length === 1 ? first : { kind: "union", members };
}

/** Whether a value of the type may be left out altogether. */
export function allowsNothing(type: Type): boolean {
  if (type.kind === "union") return type.members.some(allowsNothing);
  if (type.kind === "intersection") return type.members.every(allowsNothing);
  return ["undefined", "void", "unknown"].some((text) => isPlain(type, text));
}

/** The type without `undefined`. */
export function withoutUndefined(type: Type): Type {
  if (type.kind === "union") return unionOf(type.members.filter((member) => !isPlain(member, "undefined")));
  return isPlain(type, "undefined") ? NEVER : type;
}

/** What of a type may be a key. */
export function asKey(type: Type): Type {
  if (type.kind === "union") return unionOf(type.members.map(asKey));
  if (isPlain(type, "unknown")) return { kind: "plain", text: "PropertyKey" };
  const isKey = type.kind !== "plain" || /^(?:string|number|".*"|-?[\d.e+-]+)$/s.test(type.text);
  return isKey ? type : NEVER;
}

/** The type as `.readonly()` makes it; undefined where only the compiler knows. */
export function asReadonly(type: Type): Type | undefined {
  switch (type.kind) {
    case "plain":
      return type.text === "unknown" ? readonlyOf(type) : type;
    case "union": {
      const members = type.members.map(asReadonly);
      return members.every((member) => member !== undefined) ? { kind: "union", members } : undefined;
    }
    case "intersection":
      return type.members.every(({ kind }) => ["object", "record", "named"].includes(kind))
        ? readonlyOf(type)
        : undefined;
    case "template":
    case "function":
      return type;
    case "named":
      return readonlyOf(type);
    case "reference":
      return type.name === "Map" || type.name === "Set" ? { ...type, name: `Readonly${type.name}` } : undefined;
    case "tuple":
      if (type.items[0]?.optional === false) return { ...type, readonly: true };
      // zod's type forgets the items of a tuple that may be empty.
      return {
        kind: "array",
        element: unionOf([...elementsOf(type), ...type.items.map(() => NOTHING)]),
        readonly: true,
      };
    case "object":
      return { ...type, fields: type.fields.map(frozen), open: type.open.map(frozen) };
    default:
      return { ...type, readonly: true };
  }
}

function readonlyOf(type: Type): Type {
  return { kind: "reference", name: "Readonly", from: undefined, args: [type] };
}

function elementsOf({ items, rest }: Type & { kind: "tuple" }): Type[] {
  return [...items.map(({ type }) => type), ...(rest === undefined ? [] : [rest])];
}

function frozen<Part extends object>(part: Part): Part {
  return { ...part, readonly: true };
}

function isPlain(type: Type, text: string): boolean {
  return type.kind === "plain" && type.text === text;
}

/** The types that a type is made of, but for those that it names. */
export function partsOf(type: Type): Type[] {
  switch (type.kind) {
    case "plain":
    case "named":
      return [];
    case "array":
      return [type.element];
    case "tuple":
      return elementsOf(type);
    case "union":
    case "intersection":
      return type.members;
    case "record":
      return [type.key, type.value];
    case "template":
      return type.types;
    case "reference":
      return type.args;
    case "function":
      return [...type.parameters.map((parameter) => parameter.type), type.result];
  }
  return [...type.fields.map((field) => field.type), ...type.open.flatMap(({ key, value }) => [key, value])];
}

/** Whether a type, or one that it is made of, is such. */
export function contains(type: Type, isSuch: (type: Type) => boolean): boolean {
  return isSuch(type) || partsOf(type).some((part) => contains(part, isSuch));
}

/** Whether two types are printed alike. */
export function isAlike(a: Type, b: Type): boolean {
  if (a === b) return true;
  const [parts, others] = [partsOf(a), partsOf(b)];
  return headOf(a) === headOf(b) && parts.every((part, index) => isAlike(part, others[index] as Type));
}

/** A text that is the same for types that are printed alike, to sort them by; names may not be settled yet. */
export function signatureOf(type: Type): string {
  const parts = partsOf(type).map(signatureOf);
  return parts.length === 0 ? headOf(type) : `${headOf(type)} (${parts.join(", ")})`;
}

/** All of a type but its parts; of types with equal heads the parts are as many. */
function headOf(type: Type): string {
  switch (type.kind) {
    case "plain":
      return type.text;
    case "array":
      return `array ${type.readonly}`;
    case "tuple":
      return `tuple ${type.readonly} ${type.items.map(({ optional }) => optional).join()} ${type.rest !== undefined}`;
    case "union":
    case "intersection":
      return `${type.kind} ${type.members.length}`;
    case "record":
      return `record ${type.readonly} ${type.partial}`;
    case "template":
      return `template ${JSON.stringify(type.texts)}`;
    case "reference":
      return `reference ${type.name} ${type.from} ${type.args.length}`;
    case "function":
      return `function ${type.parameters.map(({ name, is }) => `${name} ${is}`).join()}`;
    case "named":
      return `named ${type.side === "sent" ? type.of.name : type.of.parsedName}`;
  }
  const fields = type.fields.map(({ name, optional, readonly }) => [name, optional, readonly]);
  return `object ${type.open.map(({ readonly }) => readonly).join()} ${JSON.stringify(fields)}`;
}
