/** What one side of a TCP connection sent, put together from the frames it travelled in. */
export interface TcpStream {
  /** "address:port" */
  readonly from: string;
  readonly to: string;
  /** Each byte once, in order, however often it was sent. */
  readonly bytes: Buffer;
  /** Bytes before the last one that no frame held. */
  readonly missing: number;
}

interface Segment {
  readonly at: number;
  readonly payload: Buffer;
}

interface Sender {
  readonly from: string;
  readonly to: string;
  /** The sequence number of its first byte. */
  readonly first: number;
  readonly segments: Segment[];
}

const SYN = 0x02;

/** Puts together the TCP streams that Ethernet frames hold, in the order in which they were opened. Connections without a byte have streams too. */
export function tcpStreams(frames: readonly Buffer[]): TcpStream[] {
  const all: Sender[] = [];
  const current = new Map<string, Sender>();
  for (const frame of frames) {
    const packet = ipPacket(frame);
    if (packet === undefined) continue;
    const { tcp } = packet;
    const from = `${packet.from}:${tcp.readUInt16BE(0)}`;
    const to = `${packet.to}:${tcp.readUInt16BE(2)}`;
    const isSyn = ((tcp[13] as number) & SYN) !== 0;
    const first = (tcp.readUInt32BE(4) + (isSyn ? 1 : 0)) >>> 0;
    let sender = current.get(`${from} ${to}`);
    if (sender === undefined || (isSyn && sender.first !== first)) {
      sender = { from, to, first, segments: [] };
      current.set(`${from} ${to}`, sender);
      all.push(sender);
    }
    const payload = tcp.subarray(((tcp[12] as number) >> 4) * 4);
    // Sequence numbers go round: what is far behind the start is ahead of it. Keepalives ask for the byte before the start: no payload of ours.
    const at = (first - sender.first) | 0;
    if (payload.length > 0 && at >= 0) sender.segments.push({ at, payload });
  }
  return all.map(assemble);
}

function assemble({ from, to, segments }: Sender): TcpStream {
  const parts: Buffer[] = [];
  let end = 0;
  let missing = 0;
  for (const { at, payload } of segments.toSorted((one, other) => one.at - other.at)) {
    if (at > end) missing += at - end;
    const known = Math.max(0, end - at);
    if (known >= payload.length) continue;
    parts.push(payload.subarray(known));
    end = at + payload.length;
  }
  return { from, to, bytes: Buffer.concat(parts), missing };
}

/** The TCP segment of an Ethernet frame, with the addresses it goes between, if it holds one. */
function ipPacket(frame: Buffer): { from: string; to: string; tcp: Buffer } | undefined {
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(14);
  if (type === 0x0800 && packet[9] === 6) {
    const header = ((packet[0] as number) & 0x0f) * 4;
    const tcp = packet.subarray(header, packet.readUInt16BE(2)); // short frames are filled up
    return { from: packet.subarray(12, 16).join("."), to: packet.subarray(16, 20).join("."), tcp };
  }
  if (type === 0x86dd && packet[6] === 6)
    return {
      from: ipv6(packet.subarray(8, 24)),
      to: ipv6(packet.subarray(24, 40)),
      tcp: packet.subarray(40, 40 + packet.readUInt16BE(4)),
    };
  return undefined;
}

/** In brackets, short form. */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname;
}
