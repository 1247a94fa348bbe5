/** What one shape lets through that another one refuses, of bounds, rules, checks and single values: no shape lies in another one here. */
import { breaking, type Finding, lessSure, risky } from "./finding.ts";
import { type Bounds, compareBounds, type Shape } from "./shape.ts";

/** Of lengths, sizes and values. */
export function bounds(sent: Bounds, received: Bounds, path: string): Finding[] {
  const found: Finding[] = [];
  const { min, max } = received;
  if (min !== undefined) {
    const order = sent.min === undefined ? -1 : compareBounds(sent.min, min);
    // Nothing is shorter than nothing.
    const isZero =
      min === 0 &&
      sent.min === undefined &&
      "kind" in received &&
      /^(?:string|array|set|map)$/.test(String(received.kind));
    if (!isZero && (order < 0 || (order === 0 && received.isMinOpen && !sent.isMinOpen)))
      found.push(
        breaking(
          path,
          `at least ${show(min)} is expected, ${sent.min === undefined ? "less" : show(sent.min)} may be sent`,
        ),
      );
  }
  if (max !== undefined) {
    const order = sent.max === undefined ? 1 : compareBounds(sent.max, max);
    if (order > 0 || (order === 0 && received.isMaxOpen && !sent.isMaxOpen))
      found.push(
        breaking(
          path,
          `at most ${show(max)} is expected, ${sent.max === undefined ? "more" : show(sent.max)} may be sent`,
        ),
      );
  }
  return found;
}

export function rules(sent: Shape, received: Shape, path: string): Finding[] {
  return (received.rules ?? [])
    .filter((rule) => !(sent.rules ?? []).includes(rule))
    .map((rule) => breaking(path, `must be ${rule.length > 60 ? `${rule.slice(0, 59)}…` : rule}`));
}

/** Functions can't be compared: the same text is the same check. */
export function checks(sent: Shape, received: Shape, path: string): Finding[] {
  if (received.kind === "union" && received.checks === undefined) return [];
  const mine = sent.checks ?? [];
  return (received.checks ?? [])
    .filter((check) => !mine.includes(check))
    .map((check) => {
      const text = check.replaceAll(/\s+/g, " ");
      const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
      return mine.length === 0
        ? breaking(path, `has to pass a check: ${shown}`)
        : risky(path, `has to pass another check: ${shown}`);
    });
}

/** What becomes of a value is known to functions alone: the same text is the same. */
export function steps({ kind, later: mine }: Shape, { kind: its, later }: Shape, path: string): Finding[] {
  // Those of options are told with them.
  const isOfOption = its === "union" && kind !== "union" && later === undefined;
  if (mine === later || isOfOption) return [];
  return [risky(path, "is changed in another way where it arrives, and may be refused then")];
}

export function fitValue(value: string, received: Shape, path: string): Finding[] {
  const refused = [breaking(path, `${value} may be sent, and is not expected`)];
  switch (received.kind) {
    case "unknown":
    case "custom":
      return [];
    case "values":
      return received.values.includes(value) ? [] : refused;
    case "null":
    case "undefined":
      return value === received.kind ? [] : refused;
    case "boolean":
      return value === "true" || value === "false" ? [] : refused;
    case "number":
      return /^-?\d/.test(value) && !value.endsWith("n")
        ? [
            ...bounds({ min: Number(value), max: Number(value) }, received, path),
            ...rules({ kind: "number" }, received, path).map(lessSure),
          ]
        : refused;
    case "bigint":
      return value.endsWith("n") && !value.startsWith('"')
        ? bounds({ min: value, max: value }, received, path)
        : refused;
    case "string": {
      if (!value.startsWith('"')) return refused;
      const { length } = JSON.parse(value) as string;
      return [
        ...bounds({ min: length, max: length }, received, path),
        ...rules({ kind: "string" }, received, path).map(lessSure),
      ];
    }
    case "template":
      return value.startsWith('"') ? [risky(path, `${value} may not be of the form ${received.pattern}`)] : refused;
    default:
      return refused;
  }
}

function show(bound: number | string): string {
  return String(bound).replace(/n$/, "");
}
