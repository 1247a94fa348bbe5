/** Smaller buffers are left to the garbage collector, which has them cheaply; and all that share a buffer, as small messages do, share a smaller one. */
const LEAST_BYTES = 49_152;

type Port = InstanceType<typeof MessageChannel>["port1"];

let nowhere: Port | undefined;

/**
 * Frees the memory of a buffer at once, if it is large: every view of it has no bytes from now on. For whoever is known to be the last to use it, and when no call of the
 * system has it any more. A garbage collector sees the small object and not the large memory behind it: left to it, megabytes per millisecond make it run all the time,
 * and each new buffer is memory that the system has to clear first.
 */
export function discard(buffer: ArrayBufferLike): void {
  if (buffer.byteLength < LEAST_BYTES) return;
  nowhere ??= closedPort();
  // What is transferred to a closed port belongs to nobody.
  nowhere.postMessage(undefined, [buffer as ArrayBuffer]);
}

function closedPort(): Port {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  return port1;
}
