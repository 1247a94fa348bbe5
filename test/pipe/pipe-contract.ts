import { createHash } from "node:crypto";

import { afterEach, describe, expect, test } from "vitest";

import { LinkError } from "../../src/base/errors.ts";
import type { Pipe, PipeListener } from "../../src/pipe/pipe.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";

/** One way to make pipes. */
export interface PipeSetup {
  readonly host: string;
  listen(port: number, accept: (pipe: Pipe) => void): Promise<PipeListener>;
  dial(port: number): Promise<Pipe>;
}

/** Everything that one end of a pipe told. */
class Ear {
  readonly chunks: Uint8Array[] = [];
  readonly ends: (Error | undefined)[] = [];
  drains = 0;
  length = 0;
  #wake: (() => void)[] = [];

  readonly data = (chunk: Uint8Array): void => {
    this.chunks.push(chunk);
    this.length += chunk.length;
    this.#woken();
  };
  readonly drain = (): void => {
    this.drains++;
    this.#woken();
  };
  readonly end = (error: Error | undefined): void => {
    this.ends.push(error);
    this.#woken();
  };

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Lets everything happen that can happen by itself: some turns of the event loop, sockets included. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setTimeout(resolve, 5));
}

/** What every pipe does. */
export function testPipes(name: string, setup: () => PipeSetup): void {
  describe(`a pipe over ${name}`, () => {
    const opened: Pipe[] = [];
    const listeners: PipeListener[] = [];
    afterEach(async () => {
      for (const pipe of opened.splice(0)) pipe.destroy();
      for (const listener of listeners.splice(0)) await listener.close();
    });

    async function open(): Promise<{ near: Pipe; far: Pipe; setup: PipeSetup; listener: PipeListener }> {
      const way = setup();
      const accepted: Pipe[] = [];
      const listener = await way.listen(0, (pipe) => void accepted.push(pipe));
      listeners.push(listener);
      const near = await way.dial(listener.address.port);
      while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const far = accepted[0] as Pipe;
      opened.push(near, far);
      return { near, far, setup: way, listener };
    }

    test("carries bytes both ways, in order, whatever the parts", async () => {
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      far.start(b);
      near.write([bytes("one "), bytes(""), bytes("two ")]);
      near.write([bytes("three")]);
      far.write([bytes("back")]);
      await b.until(() => b.length === 13);
      await a.until(() => a.length === 4);
      expect(b.text()).toBe("one two three");
      expect(a.text()).toBe("back");
    });

    test("delivers nothing before start, and then everything that came, at either end", async () => {
      const { near, far } = await open();
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.write([bytes("early")]);
        await settle();
        const ear = new Ear();
        to.start(ear);
        expect(ear.length).toBe(0);
        await ear.until(() => ear.length === 5);
        expect(ear.text()).toBe("early");
      }
    });

    test("gives later events to the newest owner", async () => {
      const { near, far } = await open();
      const [first, second] = [new Ear(), new Ear()];
      far.start(first);
      near.write([bytes("for the first")]);
      await first.until(() => first.length === 13);
      far.start(second);
      near.write([bytes("for the second")]);
      await second.until(() => second.length === 14);
      expect(first.text()).toBe("for the first");
      expect(second.text()).toBe("for the second");
    });

    test("asks to wait when the other side does not read, and drains when it does", async () => {
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      const block = new Uint8Array(65_536).fill(7);
      let written = 0;
      while (near.write([block])) {
        written += block.length;
        if (written > 64 * 1_048_576) throw new Error("never asked to wait");
        await new Promise((resolve) => setImmediate(resolve));
      }
      written += block.length;
      expect(near.buffered).toBeGreaterThanOrEqual(65_536);
      expect(a.drains).toBe(0);
      far.start(b);
      await b.until(() => b.length === written);
      await a.until(() => a.drains > 0);
      expect(a.drains).toBe(1);
      expect(near.buffered).toBe(0);
    });

    test("drains only when it asked to wait", async () => {
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      far.start(b);
      const isWaiting = !near.write([new Uint8Array(70_000)]);
      await b.until(() => b.length === 70_000);
      await settle();
      expect(a.drains).toBe(isWaiting ? 1 : 0);
    });

    test("delivers nothing while paused, and loses nothing by it", async () => {
      const { near, far } = await open();
      const ear = new Ear();
      far.start(ear);
      near.write([bytes("a")]);
      await ear.until(() => ear.length === 1);
      far.pause();
      near.write([bytes("b")]);
      await settle();
      expect(ear.text()).toBe("a");
      far.resume();
      await ear.until(() => ear.length === 2);
      expect(ear.text()).toBe("ab");
    });

    test("close flushes everything, then the other side sees one orderly end, and this side no event", async () => {
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      far.start(b);
      far.pause();
      const block = new Uint8Array(300_000).fill(9);
      near.write([block]);
      near.write([bytes("last words")]);
      near.close();
      near.write([bytes("too late")]);
      far.resume();
      await b.until(() => b.ends.length > 0);
      await settle();
      expect(b.length).toBe(300_010);
      expect(b.ends).toEqual([undefined]);
      expect(a.ends).toEqual([]);
    });

    test("close delivers the last words even while the other side is sending", async () => {
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      near.pause();
      far.start(b);
      for (let round = 0; round < 20; round++) far.write([new Uint8Array(10_000)]);
      await settle();
      near.write([bytes("goodbye")]);
      near.close();
      await b.until(() => b.ends.length > 0);
      expect(b.text()).toBe("goodbye");
      expect(b.ends).toEqual([undefined]);
    });

    test("destroy ends the other side once and this side without an event", async () => {
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      far.start(b);
      near.destroy();
      near.destroy();
      near.close();
      near.write([bytes("nothing")]);
      await b.until(() => b.ends.length > 0);
      far.write([bytes("nobody hears")]);
      far.close();
      await settle();
      expect(b.ends).toHaveLength(1);
      expect(b.length).toBe(0);
      expect(a.ends).toEqual([]);
    });

    test("an end that came before start is told at start", async () => {
      const { near, far } = await open();
      near.write([bytes("x")]);
      near.close();
      await settle();
      const ear = new Ear();
      far.start(ear);
      await ear.until(() => ear.ends.length > 0);
      expect(ear.text()).toBe("x");
      expect(ear.ends).toEqual([undefined]);
    });

    test("owns what it delivers: a chunk never changes afterwards", async () => {
      const { near, far } = await open();
      const ear = new Ear();
      far.start(ear);
      const copies: Uint8Array[] = [];
      for (let round = 0; round < 30; round++) {
        near.write([new Uint8Array(1_000).fill(round)]);
        await ear.until(() => ear.length === (round + 1) * 1_000);
        for (const chunk of ear.chunks.slice(copies.length)) copies.push(chunk.slice());
      }
      expect(ear.chunks.map((chunk) => [...chunk])).toEqual(copies.map((chunk) => [...chunk]));
    });

    test("carries megabytes in parts of any size unchanged", async () => {
      const seed = seedOfRun();
      const chance = seeded(seed);
      const { near, far } = await open();
      const [a, b] = [new Ear(), new Ear()];
      near.start(a);
      far.start(b);
      const sent = createHash("sha256");
      let total = 0;
      while (total < soak(4 * 1_048_576)) {
        const parts = Array.from({ length: 1 + Math.floor(chance() * 4) }, () => {
          const part = new Uint8Array(Math.floor(chance() ** 4 * 100_000));
          for (let at = 0; at < part.length; at += 97) part[at] = Math.floor(chance() * 256);
          return part;
        });
        for (const part of parts) {
          sent.update(part);
          total += part.length;
        }
        const drains = a.drains;
        if (!near.write(parts)) await a.until(() => a.drains > drains);
      }
      near.close();
      await b.until(() => b.ends.length > 0);
      const got = createHash("sha256");
      for (const chunk of b.chunks) got.update(chunk);
      expect({ seed, length: b.length, hash: got.digest("hex") }).toEqual({
        seed,
        length: total,
        hash: sent.digest("hex"),
      });
    });

    test("knows both addresses, mirrored", async () => {
      const { near, far, listener } = await open();
      expect(near.remote).toEqual({ host: setup().host, port: listener.address.port });
      expect(far.remote).toEqual(near.local);
      expect(far.local).toEqual(near.remote);
    });

    test("a closed listener frees its port and leaves open pipes alone", async () => {
      const { near, far, listener, setup: way } = await open();
      const ear = new Ear();
      far.start(ear);
      await listener.close();
      await listener.close();
      const refused = await way.dial(listener.address.port).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(LinkError);
      expect(refused).toMatchObject({ code: "ERR_UNREACHABLE" });
      expect((refused as Error).message).toContain(String(listener.address.port));
      listeners.push(await way.listen(listener.address.port, () => {}));
      near.write([bytes("still here")]);
      await ear.until(() => ear.length === 10);
    });

    test("a port that is taken is named in the error", async () => {
      const { listener, setup: way } = await open();
      const error = await way.listen(listener.address.port, () => {}).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "ERR_UNREACHABLE" });
      expect((error as Error).message).toMatch(new RegExp(`port ${listener.address.port} .* is taken`));
    });

    test("a port that can't be is refused with the number in the error", async () => {
      const way = setup();
      for (const port of [-1, 65_536, 1.5, Number.NaN]) {
        const error = await way.listen(port, () => {}).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: "ERR_PARAM" });
        expect((error as Error).message).toContain(String(port));
      }
      await expect(way.dial(0)).rejects.toMatchObject({ code: "ERR_PARAM" });
    });
  });
}
