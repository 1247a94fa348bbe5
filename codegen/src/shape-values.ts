/** Whether a value may be of two shapes at once; and small questions about one shape. */
import { fitValue } from "./fit-checks.ts";
import type { Shape } from "./shape.ts";

export type Kind<Name extends Shape["kind"]> = Extract<Shape, { kind: Name }>;

/** Whether a value may be of both shapes; in doubt it may. */
export function mayShare(one: Shape, other: Shape): boolean {
  if (one.kind === "union") return one.options.some((option) => mayShare(option, other));
  if (other.kind === "union") return mayShare(other, one);
  const [mine, its] = [typesOf(one), typesOf(other)];
  if (mine === undefined || its === undefined) return true;
  if (!mine.some((type) => its.includes(type))) return false;
  if (one.kind === "values" && /^(?:values|string|number|bigint)$/.test(other.kind))
    return one.values.some((value) => fitValue(value, other, "").every(({ severity }) => severity === "risky"));
  if (other.kind === "values" && one.kind !== "values") return mayShare(other, one);
  if (one.kind === "object" && other.kind === "object") return mayShareFields(one, other) && mayShareFields(other, one);
  return true;
}

function mayShareFields(one: Kind<"object">, other: Kind<"object">): boolean {
  return Object.entries(one.fields).every(([name, { shape, optional }]) => {
    const its = fieldOf(other, name);
    if (optional || its?.optional === true || mayShare(shape, { kind: "undefined" })) return true;
    return its === undefined ? other.others !== "refused" : mayShare(shape, its.shape);
  });
}

/** Whether what is of one option alone is of one alone of the others, too: they are among them. */
export function isOneOf(sent: Kind<"union">, { options }: Kind<"union">): boolean {
  const known = sent.options.map((option) => JSON.stringify(option));
  return (
    sent.exclusive === true &&
    options.map((option) => JSON.stringify(option)).every((text) => known.includes(text) && !text.includes('"same"'))
  );
}

/** Fields may be named like what every object has. */
export function fieldOf({ fields }: Kind<"object">, name: string): Kind<"object">["fields"][string] | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function isAnything(shape: Shape): boolean {
  return (
    shape.kind === "unknown" && shape.checks === undefined && shape.becomes === undefined && shape.later === undefined
  );
}

/** What values of a shape are, as JavaScript tells them apart; undefined: anything. Dates, sets and maps may pass for objects. */
function typesOf(shape: Shape): string[] | undefined {
  switch (shape.kind) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
    case "null":
    case "undefined":
    case "nan":
      return [shape.kind];
    case "template":
      return ["string"];
    case "never":
      return [];
    case "array":
    case "tuple":
      return ["array"];
    case "object":
    case "record":
    case "date":
    case "set":
    case "map":
      return ["object"];
    case "values":
      return shape.values.map((value) => {
        if (value.startsWith('"')) return "string";
        if (value === "true" || value === "false") return "boolean";
        if (value === "null" || value === "undefined") return value;
        return value.endsWith("n") ? "bigint" : "number";
      });
    default:
      return undefined;
  }
}

export function nameOf(shape: Shape): string {
  switch (shape.kind) {
    case "values":
      return shape.values.length === 1 ? (shape.values[0] as string) : `one of ${shape.values.slice(0, 5).join(", ")}`;
    case "instance":
      return shape.name;
    case "undefined":
    case "null":
      return shape.kind;
    case "array":
    case "object":
    case "intersection":
    case "unknown":
      return shape.kind === "unknown" ? "anything" : `an ${shape.kind}`;
    case "nan":
      return "NaN";
    default:
      return `a ${shape.kind}`;
  }
}
