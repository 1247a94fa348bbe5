import { messageOf } from "../base/errors.ts";

/** Any zod 4 schema, or any other that speaks the Standard Schema interface (standardschema.dev, version 1). */
export interface Schema {
  readonly "~standard": {
    validate(value: unknown): Validated | Promise<Validated>;
  };
}

type Validated =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly value?: unknown };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type Checked = { ok: true; value: unknown } | { ok: false; text: string };

/** At most this many issues of a refused value are told, and this many characters in all (PROTOCOL §5). */
const MAX_ISSUES = 8;
const MAX_ISSUE_TEXT = 1024;

/**
 * Parses a value by its schema; without a schema every value passes. The answer is a promise only if the schema has asynchronous
 * parts. Never throws and never rejects: a schema that does is a refusal, and says so.
 * @param what the name of the whole value in messages: "input", "output"
 */
export function check(schema: Schema | undefined, value: unknown, what: string): Checked | Promise<Checked> {
  if (schema === undefined) return { ok: true, value };
  try {
    const validated = schema["~standard"].validate(value);
    if (validated instanceof Promise)
      return validated.then(
        (late) => checked(late, what),
        (error: unknown) => broken(error, what),
      );
    return checked(validated, what);
  } catch (error) {
    return broken(error, what);
  }
}

function checked(validated: Validated, what: string): Checked {
  return validated.issues === undefined
    ? { ok: true, value: validated.value }
    : { ok: false, text: describe(validated.issues, what) };
}

function broken(error: unknown, what: string): Checked {
  return {
    ok: false,
    text: `${what}: its schema failed: ${messageOf(error)}`.slice(0, MAX_ISSUE_TEXT),
  };
}

function describe(issues: readonly Issue[], what: string): string {
  const lines = issues.slice(0, MAX_ISSUES).map((issue) => `${what}${path(issue)}: ${issue.message}`);
  if (issues.length > MAX_ISSUES) lines.push(`and ${issues.length - MAX_ISSUES} more`);
  const text = lines.join("; ");
  return text.length > MAX_ISSUE_TEXT ? `${text.slice(0, MAX_ISSUE_TEXT - 1)}…` : text;
}

function path(issue: Issue): string {
  return (issue.path ?? [])
    .map((step) => {
      const key = typeof step === "object" ? step.key : step;
      return typeof key === "number" ? `[${key}]` : `.${String(key)}`;
    })
    .join("");
}
