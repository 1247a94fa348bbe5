import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/clock.ts";
import { DEFAULT_LIMITS, type LimitChanges, limitsWith } from "../../src/base/limits.ts";
import type { Logger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { passwordSecret, type Secret } from "../../src/crypto/secret.ts";
import { AuditLog } from "../../src/link/audit.ts";
import { dialLink } from "../../src/link/dial.ts";
import type { InitiatorConfig } from "../../src/link/handshake.ts";
import type { IdentityRules } from "../../src/link/identity.ts";
import type { Link, LinkEvents } from "../../src/link/link.ts";
import { LinkListener, type LinkListenerConfig, type RefusedEvent } from "../../src/link/listener.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";

const secrets = new Map<string, Secret>();
/** The secret of a room or server password; made once per password. */
export function secretOf(password: string, purpose: 1 | 2 = 1): Secret {
  const key = `${purpose} ${password}`;
  let secret = secrets.get(key);
  if (secret === undefined) secrets.set(key, (secret = passwordSecret(password, purpose, nativeEngine)));
  return secret;
}

/** A logger that keeps what it is told. */
export class KeptLog implements Logger {
  readonly lines: { level: string; fields: object; message: string }[] = [];
  readonly debug = (fields: object, message: string): void => void this.lines.push({ level: "debug", fields, message });
  readonly info = (fields: object, message: string): void => void this.lines.push({ level: "info", fields, message });
  readonly warn = (fields: object, message: string): void => void this.lines.push({ level: "warn", fields, message });
  readonly error = (fields: object, message: string): void => void this.lines.push({ level: "error", fields, message });
}

/** Everything that a link told. Events can be waited for. */
export class LinkEar implements LinkEvents {
  readonly received: Uint8Array[] = [];
  readonly boxes: Uint8Array[] = [];
  readonly ends: (Error | undefined)[] = [];
  bytes = 0;
  drains = 0;
  #waiting: (() => void)[] = [];

  readonly data = (payload: Uint8Array): void => {
    this.received.push(payload);
    this.bytes += payload.length;
    this.#woken();
  };
  readonly sealed = (payload: Uint8Array): void => {
    this.boxes.push(payload);
    this.#woken();
  };
  readonly drain = (): void => {
    this.drains++;
    this.#woken();
  };
  readonly closed = (error: Error | undefined): void => {
    this.ends.push(error);
    this.#woken();
  };

  get texts(): string[] {
    return this.received.map((payload) => new TextDecoder().decode(payload));
  }

  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #woken(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A listener with the password "right horse", and what it tells. */
export class Answerer {
  readonly links: Link[] = [];
  readonly ears: LinkEar[] = [];
  readonly refused: RefusedEvent[] = [];
  readonly log = new KeptLog();
  readonly listener: LinkListener;
  #waiting: (() => void)[] = [];

  constructor(
    options: {
      clock?: Clock;
      limits?: LimitChanges;
      encryption?: boolean;
      password?: string;
      config?: Partial<LinkListenerConfig>;
      handshake?: Partial<LinkListenerConfig["handshake"]>;
    } = {},
  ) {
    const secret = secretOf(options.password ?? "right horse");
    const { clock = systemClock } = options;
    const limits = limitsWith(options.limits ?? {});
    this.listener = new LinkListener({
      clock,
      log: this.log,
      audit: new AuditLog(this.log, clock, limits.audit),
      limits,
      handshake: {
        engine: nativeEngine,
        random: systemRandom,
        name: "Room",
        encryption: options.encryption ?? true,
        suites: [2, 1],
        serves: (purpose) => purpose === 1,
        secretFor: () => secret,
        ...options.handshake,
      },
      onLink: (link) => {
        const ear = new LinkEar();
        this.links.push(link);
        this.ears.push(ear);
        link.start(ear);
        this.#woken();
      },
      onRefused: (event) => {
        this.refused.push(event);
        this.#woken();
      },
      ...options.config,
    });
  }

  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.listener.close();
    for (const link of this.links) link.destroy();
  }

  #woken(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** How an honest program called Foo greets a Room. */
export function greeting(changes: Partial<InitiatorConfig> & { password?: string } = {}): InitiatorConfig {
  const { password = "right horse", ...rest } = changes;
  return {
    engine: nativeEngine,
    random: systemRandom,
    purpose: 1,
    name: "Foo",
    peerName: "",
    encryption: true,
    secret: secretOf(password),
    suites: [2, 1],
    ...rest,
  };
}

/** Makes a link over a pipe as an honest program does. */
export function dialHonestly(
  pipe: Pipe,
  options: {
    clock?: Clock;
    limits?: LimitChanges;
    address?: string;
    signal?: AbortSignal | undefined;
    log?: Logger;
    identity?: IdentityRules;
  } & Parameters<typeof greeting>[0] = {},
): Promise<Link> {
  const { clock = systemClock, limits, address, signal, log = new KeptLog(), identity, ...greets } = options;
  return dialLink(pipe, {
    clock,
    log,
    limits: limits === undefined ? DEFAULT_LIMITS : limitsWith(limits),
    address,
    signal,
    identity,
    handshake: greeting(greets),
  });
}

/** Turns of the event loop: enough for everything in memory, and for sockets of this machine, to happen. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
