/** What may go wrong with a value, and how grave that is. */
export interface Finding {
  /** "breaking": what may be sent is refused. "risky": it may be refused, or is taken otherwise. */
  severity: "breaking" | "risky";
  /** Where, as in `.items[].id`. */
  path: string;
  reason: string;
}

export function breaking(path: string, reason: string): Finding {
  return { severity: "breaking", path, reason };
}

export function risky(path: string, reason: string): Finding {
  return { severity: "risky", path, reason };
}

export function lessSure(finding: Finding): Finding {
  return { ...finding, severity: "risky" };
}

export function weight(found: readonly Finding[]): number {
  return found.reduce((sum, { severity }) => sum + (severity === "breaking" ? 1_000 : 1), 0);
}
