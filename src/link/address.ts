/**
 * The 16 bytes of an IP address written as text, IPv4 in its IPv6-mapped form, so that both notations of one address are
 * equal. Undefined when the text is no address. A zone (`%eth0`) is ignored.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  const host = text.split("%", 1)[0] as string;
  const bytes = new Uint8Array(16);
  if (!host.includes(":")) {
    bytes.set([0xff, 0xff], 10);
    return putV4(host, bytes, 12) ? bytes : undefined;
  }
  const halves = host.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** Whether those 16 bytes are an IPv4 address. */
export function isV4(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** The last 4 of 16 bytes as an IPv4 address. */
export function showV4(bytes: Uint8Array): string {
  return bytes.subarray(12).join(".");
}

/** 16 bytes as an IPv6 address, its longest run of zero groups shortened (RFC 5952). */
export function showV6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] as number) << 8) | (bytes[2 * at + 1] as number)).toString(16),
  );
  const text = groups.join(":");
  const runs = [...text.matchAll(/(?<![^:])0(:0)+(?![^:])/g)].toSorted(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  );
  const [run] = runs;
  if (run === undefined) return text;
  return `${text.slice(0, Math.max(0, run.index - 1))}::${text.slice(run.index + run[0].length + 1)}`;
}

/** The bytes of colon-separated groups; at the end of an address the last one may be a dotted IPv4 address. */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const out: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (isEnd && index === groups.length - 1 && group.includes(".")) {
      const v4 = new Uint8Array(4);
      if (!putV4(group, v4, 0)) return undefined;
      out.push(...v4);
    } else {
      if (!/^[\da-f]{1,4}$/i.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      out.push(value >> 8, value & 0xff);
    }
    if (out.length > 16) return undefined;
  }
  return out;
}

function putV4(text: string, into: Uint8Array, at: number): boolean {
  const parts = text.split(".");
  if (parts.length !== 4) return false;
  for (const [index, part] of parts.entries()) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return false;
    into[at + index] = Number(part);
  }
  return true;
}
