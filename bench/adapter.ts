/** What every call of the benchmark carries: 51 characters of text and a number. */
export interface Payload {
  text: string;
  n: number;
}

export const TEXT = "fifty-one characters of text, as a chat would send.";

/** One client's connection. Every method may be called while others are under way. */
export interface Connection {
  /** The server's answer: the same payload. */
  call(data: Payload): Promise<Payload>;
  /** Sends `count` one-way messages; resolves when it is reasonable to send more. */
  tell(data: Payload, count: number): Promise<void>;
  /** How many one-way messages the server has handled so far. */
  told(): Promise<number>;
  /** The server's answer: the same bytes. */
  echo(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A system under test. Server and client live in processes of their own. */
export interface Adapter {
  /** Serves until the process ends. */
  serve(): Promise<{ port: number }>;
  connect(port: number): Promise<Connection>;
  /** What {@link touch} connects to, when that is not what `serve` gave. */
  accept?(): Promise<{ port: number }>;
  /** A bare connection: handshake, nothing else. Connects/s, their CPU and idle connections are measured with it. */
  touch(port: number): Promise<{ close(): void }>;
  /** The time from nothing to the first answer, all in one warm process, where a system needs more than one program. */
  introduce?(): Promise<number>;
}
