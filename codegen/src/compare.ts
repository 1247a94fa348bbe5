/** What a change of schemas does to programs that run with the old ones. */
import type { Contract, ContractMethod } from "./contract.ts";
import type { Finding } from "./finding.ts";
import { fits } from "./fits.ts";
import type { Shapes } from "./shape.ts";

export type Verdict = "breaking" | "risky" | "safe";

export interface SchemaChange {
  verdict: Verdict;
  /** `Bar`, or `Bar.find`, and which part of it: `Bar.find input.id`. */
  about: string;
  reason: string;
  /** Where it stood, and where it stands: `file:line`. */
  was?: string;
  is?: string;
}

/** Every change, those that break something first. */
export function compareContracts(before: Contract, after: Contract): SchemaChange[] {
  const changes: SchemaChange[] = [];
  for (const [name, { at, methods }] of Object.entries(before.kinds)) {
    const now = after.kinds[name];
    if (now === undefined) {
      changes.push({ verdict: "breaking", about: name, reason: "this kind is gone", was: at });
      continue;
    }
    for (const [method, its] of Object.entries(methods))
      changes.push(...compareMethods(`${name}.${method}`, its, now.methods[method]));
    for (const [method, its] of Object.entries(now.methods))
      if (methods[method] === undefined)
        changes.push({ verdict: "safe", about: `${name}.${method}`, reason: "is new", is: its.at });
  }
  for (const [name, { at }] of Object.entries(after.kinds))
    if (before.kinds[name] === undefined) changes.push({ verdict: "safe", about: name, reason: "is new", is: at });
  const order: readonly Verdict[] = ["breaking", "risky", "safe"];
  return changes.toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
}

function compareMethods(about: string, before: ContractMethod, after: ContractMethod | undefined): SchemaChange[] {
  const was = before.at;
  if (after === undefined)
    return [{ verdict: "breaking", about, reason: "this method is gone; one under a new name is another one", was }];
  const is = after.at;
  const say = (verdict: Verdict, part: string, reason: string): SchemaChange => ({
    verdict,
    about: `${about}${part}`,
    reason,
    was,
    is,
  });
  if (before.word !== after.word) return [say("breaking", "", `was a ${before.word}, and is a ${after.word}`)];
  const changes: SchemaChange[] = [];
  const compare = (part: string, sent: Shapes, received: Shapes, isInput: boolean): void => {
    const [old, now] = isInput ? [sent, received] : [received, sent];
    if (JSON.stringify(old) === JSON.stringify(now)) return;
    const found = fits(sent, received, isInput);
    const whose = isInput ? "callers that run" : "callers that run get what they do not expect";
    for (const { severity, path, reason } of distinct(found))
      changes.push(say(severity, ` ${part}${path}`, isInput ? reason : `${whose}: ${reason}`));
    if (found.length === 0)
      changes.push(
        say(
          "safe",
          ` ${part}`,
          isInput ? "all that was sent until now is let in" : "all that is sent now is let in by callers that run",
        ),
      );
  };
  compare("input", before.input, after.input, true);
  compare("output", after.output, before.output, false);
  for (const [code, data] of Object.entries(after.errors)) {
    const old = before.errors[code];
    if (old === undefined) changes.push(say("risky", ` error ${code}`, "is new: callers that run do not handle it"));
    else compare(`error ${code}`, data, old, false);
  }
  for (const code of Object.keys(before.errors))
    if (after.errors[code] === undefined) changes.push(say("safe", ` error ${code}`, "is no longer given"));
  for (const part of ["from", "fromNames"] as const)
    changes.push(...compareFrom(before[part], after[part], (verdict, reason) => say(verdict, ` ${part}`, reason)));
  return changes;
}

function compareFrom(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
  say: (verdict: Verdict, reason: string) => SchemaChange,
): SchemaChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (after === undefined) return [say("safe", "everybody may call now")];
  const lost = before?.filter((kind) => !after.includes(kind));
  if (before === undefined) return [say("breaking", `only ${after.join(", ")} may call now`)];
  return lost !== undefined && lost.length > 0
    ? [say("breaking", `${lost.join(", ")} may no longer call`)]
    : [say("safe", "more may call now")];
}

/** The same is often said of several options. */
function distinct(found: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return found.filter((finding) => {
    const key = JSON.stringify(finding);
    return !seen.has(key) && seen.add(key);
  });
}
