import { namedField, StateError } from "./state-error.ts";

const MAX_DEPTH = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * What JSON.parse would not say: two fields of one name, of which it takes the last, and a depth that nobody needs. One pass; whether the rest is JSON is not looked at.
 * @throws StateError
 */
export function checkShape(text: string): void {
  /** The keys of the objects around, undefined for a list. */
  const around: (Set<string> | undefined)[] = [];
  let last = "";
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        last = text.slice(at, end + 1);
        at = end;
        break;
      }
      case "{":
      case "[":
        if (around.length >= MAX_DEPTH) throw new StateError(`it is nested more than ${MAX_DEPTH} deep`);
        around.push(text[at] === "{" ? new Set() : undefined);
        break;
      case "}":
      case "]":
        around.pop();
        break;
      case ":":
        checkKey(around.at(-1), last);
        break;
      default:
    }
  }
}

function checkKey(keys: Set<string> | undefined, text: string): void {
  const key = keyOf(text);
  if (keys?.has(key) === true) throw new StateError(`it has the ${namedField(key)} twice`);
  keys?.add(key);
}

/** The key that a text in quotes is, escapes resolved. */
function keyOf(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text; // no JSON: that is told later
  }
}

/** Where the string that begins at `from` ends: at its closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return text.length;
}
