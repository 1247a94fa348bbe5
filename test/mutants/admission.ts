import type { Mutants } from "./mutant.ts";

/** A stranger on its way to a link. */
export const ANSWERING: Mutants = {
  file: "src/link/answering.ts",
  tests: ["test/link/strangers.test.ts", "test/link/listener.test.ts", "test/link/dial.test.ts"],
  mutants: [
    {
      name: "hanging up after REPLY tests a password for nothing",
      find: `    if (this.#isGuess) this.#fail("wrong secret", error, "wrongSecret");\n    else this.#fail("hung up", error);`,
      replace: `    this.#fail("hung up", error);`,
    },
    {
      name: "stalling after REPLY tests a password for nothing",
      find: `if (this.#state === "confirm" && this.#isGuess)`,
      replace: "if (this.#state === undefined)",
    },
    {
      name: "who gets its own connections evicted tests passwords for nothing",
      find: `if (reason !== "closing" && this.#state === "confirm" && this.#isGuess)`,
      replace: "if (this.#state === undefined)",
    },
    {
      name: "a wrong password of a server counts nothing",
      find: "(purpose === 1 || purpose === 2)",
      replace: "purpose === 1",
    },
    {
      name: "a wrong proof of a resume key costs its source something",
      find: "const isTicket = this.#responder.info?.purpose !== 5;",
      replace: "const isTicket = true;",
    },
    {
      name: "more than HELLO may come before REPLY",
      find: `if (rest.length > 0) return this.#broken(new LinkError("ERR_MALFORMED", "more than HELLO came before REPLY"));`,
      replace: "",
    },
    {
      name: "records behind CONFIRM are lost",
      find: `return this.#settled({ kind: "link", established, rest });`,
      replace: `return this.#settled({ kind: "link", established, rest: new Uint8Array(0) });`,
    },
    {
      name: "a byte each second keeps a stranger's connection",
      find: "else startWhole(wholeMs - firstByteMs);",
      replace: "else startWhole(wholeMs);",
    },
    {
      name: "who says nothing has as long as who goes on",
      find: `if (this.#state === "silent") late("nothing came", firstByteMs)();\n      else`,
      replace: `if (this.#state === "silent") startWhole(wholeMs - firstByteMs);\n      else`,
    },
    {
      name: "the deadline outlives the handshake",
      find: "    this.#timer?.cancel();\n",
      replace: "",
    },
  ],
};

/** Who may come in, and how often. */
export const ADMISSION: Mutants = {
  file: "src/link/admission.ts",
  tests: ["test/link/admission.test.ts", "test/link/listener.test.ts", "test/link/strangers.test.ts"],
  mutants: [
    {
      name: "one more than the cap of a source is in the user stage",
      find: "source.userStages >= userStagesPerSource",
      replace: "source.userStages > userStagesPerSource",
    },
    {
      name: "one more than the cap in all is in the user stage",
      find: "this.#userStages.size >= userStages",
      replace: "this.#userStages.size > userStages",
    },
    {
      name: "who is in the user stage counts as unproven",
      find: "    this.#userStages.add(visit);",
      replace: "    this.#visits.add(visit);",
    },
    {
      name: "who ends in the user stage makes no room",
      find: "    for (const source of visit.sources) source.userStages--;\n",
      replace: "",
    },
    {
      name: "a HELLO costs its token until the user stage is over",
      find: "    this.giveBack(visit);\n    const { userStages,",
      replace: "    const { userStages,",
    },
    {
      name: "a proven link does not get its token back",
      find: "    this.giveBack(visit);\n    this.#takeBack(visit);",
      replace: "    this.#takeBack(visit);",
    },
    {
      name: "one connection more than its share is held for a source",
      find: "source.unproven >= this.#places(source)",
      replace: "source.unproven > this.#places(source)",
    },
    {
      name: "members of a source give it no places",
      find: "unprovenPerSource * factor + links",
      replace: "unprovenPerSource * factor",
    },
    {
      name: "members of a source give it any number of places",
      find: "return Math.min(most, unprovenPerSource",
      replace: "return Math.max(most, unprovenPerSource",
    },
    {
      name: "any number waits for a place in the user stage",
      find: "if (isFull) return visit.sources.every((source) => source.unproven <= unprovenPerSource * source.factor);",
      replace: "if (isFull) return true;",
    },
    {
      name: "nobody is dropped early",
      find: "if (visit.source.unproven > 0 && this.#isDropped()) return undefined;",
      replace: "",
    },
    {
      name: "a source that holds nothing yet is dropped early",
      find: "visit.source.unproven > 0 && this.#isDropped()",
      replace: "this.#isDropped()",
    },
    {
      name: "the chance of being dropped does not rise",
      find: "FIRST_DROP_CHANCE + (1 - FIRST_DROP_CHANCE) * share",
      replace: "FIRST_DROP_CHANCE",
    },
    {
      name: "one connection more than there are places is held",
      find: "if (this.#visits.size >= unproven) this.#evict();",
      replace: "if (this.#visits.size > unproven) this.#evict();",
    },
    {
      name: "a newcomer takes the place of anybody",
      find: "visit.source.unproven === most",
      replace: "most > 0",
    },
    {
      name: "who made room is not told",
      find: "    victim.evicted(); //",
      replace: "    //",
    },
    {
      name: "a blacklisted address comes in",
      find: "if (this.#config.blacklist?.has(host) === true)",
      replace: "if (host === undefined)",
    },
    {
      name: "a penalty keeps nobody out",
      find: "if (refusedForS > 0)",
      replace: "if (refusedForS > 1e9)",
    },
    {
      name: "one link more than the cap is admitted",
      find: `if (this.#links >= links) return busy(10, "it has`,
      replace: `if (this.#links > links) return busy(10, "it has`,
    },
    {
      name: "a source may have any number of links",
      find: "if (visit.sources.some((source) => source.links >= linksPerSource * source.factor))\n      return busy",
      replace: "if (visit.sources.length === 0)\n      return busy",
    },
    {
      name: "a link over the cap stays when it was admitted before",
      find: "    if (this.#links >= links) return false;\n",
      replace: "",
    },
    {
      name: "strangers may guess without end",
      find: "if (isStranger && !this.#guesses.hasToken(now))",
      replace: "if (isStranger && now < 0)",
    },
    {
      name: "those who proved themselves wait while strangers guess",
      find: "if (isStranger && !this.#guesses.hasToken(now))",
      replace: "if (!this.#guesses.hasToken(now))",
    },
    {
      name: "a wrong guess is not counted among all",
      find: `if (failure === "wrongSecret") this.#guesses.charge(this.#now());`,
      replace: "",
    },
    {
      name: "who proved itself is a stranger again",
      find: "      source.hasProved = true;\n",
      replace: "",
    },
    {
      name: "a link that ends makes no room for its source",
      find: "for (const source of sources) source.links--;",
      replace: "",
    },
    {
      name: "a link that ends makes no room",
      find: "    this.#links--;\n",
      replace: "",
    },
    {
      name: "an address on the allowlist is penalised",
      find: "if (this.#config.allowlist?.has(host) === true) return;",
      replace: "",
    },
    {
      name: "HELLO frames of all have no rate",
      find: "const empty = [...visit.sources.map((source) => source.hellos), this.#hellos].find(",
      replace: "const empty = [...visit.sources.map((source) => source.hellos)].find(",
    },
    {
      name: "HELLO frames of a source have no rate",
      find: "    for (const source of visit.sources) source.hellos.take(now);\n",
      replace: "",
    },
    {
      name: "the portable engine takes as many HELLO frames",
      find: "const perSecond = isPortable ? helloTotalPortable : helloTotal;",
      replace: "const perSecond = helloTotal;",
    },
    {
      name: "a failure costs nothing",
      find: "this.#penalise(visit.host, visit.sources, this.#config.limits.penalty[failure]);",
      replace: "",
    },
  ],
};

/** What is remembered of where connections come from. */
export const SOURCES: Mutants = {
  file: "src/link/sources.ts",
  tests: ["test/link/admission.test.ts"],
  mutants: [
    {
      name: "failures do not add up",
      find: "Math.min(this.penaltyS(now) + seconds, mostS)",
      replace: "Math.min(seconds, mostS)",
    },
    {
      name: "penalties have no cap",
      find: "Math.min(this.penaltyS(now) + seconds, mostS)",
      replace: "(this.penaltyS(now) + seconds)",
    },
    {
      name: "penalties do not drain",
      find: "return Math.max(0, this.#penaltyEndsAt - now) / 1000;",
      replace: "return this.#penaltyEndsAt / 1000;",
    },
    {
      name: "a source with a proven link is refused as soon as any other",
      find: "(this.links > 0 ? limits.provenFactor : 1)",
      replace: "1",
    },
    {
      name: "a /48 has the share of a single source",
      find: "this.#limits.wideFactor, now)",
      replace: "1, now)",
    },
    {
      name: "each address of a /64 is a source",
      find: "prefixKey(bytes, 64)",
      replace: "prefixKey(bytes, 128)",
    },
    {
      name: "a /48 is not looked at",
      find: "prefixKey(bytes, 48)",
      replace: "prefixKey(bytes, 64)",
    },
    {
      name: "IPv4 counts by wider nets",
      find: "prefixKey(bytes, 128)",
      replace: "prefixKey(bytes, 120)",
    },
    {
      name: "a source in use is forgotten",
      find: "      if (!source.isInUse) return;",
      replace: "      return;",
    },
    {
      name: "the source that was seen first is forgotten, not the one seen longest ago",
      find: "if (known !== undefined) this.#table.delete(key);",
      replace: "",
    },
    {
      name: "one source more than the cap is remembered",
      find: "if (this.#table.size > this.#limits.sources) this.#evict();",
      replace: "if (this.#table.size > this.#limits.sources + 1) this.#evict();",
    },
  ],
};

/** Rates. */
export const TOKEN_BUCKET: Mutants = {
  file: "src/base/token-bucket.ts",
  tests: ["test/base/token-bucket.test.ts", "test/link/admission.test.ts"],
  mutants: [
    {
      name: "tokens gather without end",
      find: "Math.min(this.#burst, this.#level + (passedMs",
      replace: "Math.min(2 ** 53, this.#level + (passedMs",
    },
    {
      name: "a debt of tokens is forgiven",
      find: "Math.max(this.#level - 1, -this.#burst)",
      replace: "Math.max(this.#level - 1, 0)",
    },
    {
      name: "a debt of tokens grows without end",
      find: "Math.max(this.#level - 1, -this.#burst)",
      replace: "this.#level - 1",
    },
    {
      name: "half a token is one",
      find: "return this.#level >= 1;",
      replace: "return this.#level >= 0.5;",
    },
  ],
};
