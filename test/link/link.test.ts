import { expect, test } from "vitest";
import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import { Answerer, bytesOf, dialHonestly, LinkEar } from "./parties.ts";

test("two programs with one password get a link", async () => {
  const room = new Answerer();
  const listener = await listenTcp({ host: "127.0.0.1", port: 0, accept: room.listener.accept });
  const link = await dialHonestly(await dialTcp({ host: "127.0.0.1", port: listener.address.port }));
  const ear = new LinkEar();
  link.start(ear);
  link.send([bytesOf("hello "), bytesOf("room")]);
  link.sendSealed(bytesOf("secret"));
  await room.until(() => room.links.length > 0);
  await room.ears[0]?.until(() => room.ears[0]?.boxes.length === 1);
  expect(room.ears[0]?.texts).toEqual(["hello room"]);
  room.links[0]?.send([bytesOf("hi")]);
  await ear.until(() => ear.texts.length > 0);
  expect(await link.ping(1000)).toBeGreaterThan(0);
  link.close();
  await room.ears[0]?.until(() => room.ears[0]?.ends.length === 1);
  expect(room.ears[0]?.ends).toEqual([undefined]);
  await listener.close();
});
