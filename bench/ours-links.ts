import { loggerOf } from "../src/base/log.ts";
import { passwordSecret } from "../src/crypto/secret.ts";
import { dialLink } from "../src/link/dial.ts";
import { environmentWith } from "../src/link/environment.ts";
import type { Link, LinkEvents } from "../src/link/link.ts";
import { LinkListener } from "../src/link/listener.ts";

const environment = environmentWith();
const { engine, random, clock } = environment;
const log = loggerOf("silent", "bench");
const secret = passwordSecret("a password for measuring", 2, engine);

const deaf: LinkEvents = { data() {}, sealed() {}, drain() {}, closed() {} };

/** Accepts links and keeps them; nothing is said on them. */
export async function acceptLinks(encryption: boolean): Promise<{ port: number }> {
  const listener = new LinkListener({
    clock,
    log,
    handshake: {
      engine,
      random,
      name: "server",
      encryption,
      suites: engine.suites(),
      serves: (purpose) => purpose === 2,
      secretFor: () => secret,
    },
    onLink: (link) => link.start(deaf),
  });
  const { address } = await environment.listen({ host: "127.0.0.1", port: 0, accept: listener.accept });
  return { port: address.port };
}

/** Makes one link: TCP, the handshake, CONFIRM sent. */
export async function touchLink(port: number, encryption: boolean): Promise<Link> {
  const pipe = await environment.dial({ host: "127.0.0.1", port });
  const link = await dialLink(pipe, {
    clock,
    log,
    handshake: {
      engine,
      random,
      purpose: 2,
      name: "client",
      peerName: "",
      encryption,
      secret,
      suites: engine.suites(),
    },
  });
  link.start(deaf);
  return link;
}
