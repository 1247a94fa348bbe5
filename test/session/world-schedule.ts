import { Seeded } from "./seeded.ts";
import { checkRetained } from "./world-checks.ts";
import { isPair, type Side, SIDES, type SimSession } from "./world-parts.ts";
import type { Rules } from "./world-rules.ts";
import { World } from "./world.ts";

/** Runs the schedule of that seed: some steps, a few or many, then peace (I4). Throws where a rule is broken. @returns how often what happened */
export function runSchedule(seed: number, rules?: Rules): World["counts"] {
  const chance = new Seeded(seed);
  const world = new World(chance, rules);
  if (chance.once(2)) {
    world.dials.introduce(chance.int(2) as Side);
    rest(world);
  }
  const length = chance.once(4) ? 200 : 60;
  for (let left = 10 + chance.int(length); left > 0; left--) step(world, chance);
  settle(world);
  return world.counts;
}

function step(world: World, chance: Seeded): void {
  world.counts.steps++;
  const side = chance.int(2) as Side;
  const { links } = world;
  const link = links.length === 0 ? undefined : chance.pick(links);
  const process = world.processes[side];
  const what = chance.int(1_000);
  if (what < 520) {
    if (link !== undefined) for (let count = 1 + chance.int(3); count > 0; count--) world.deliver(link, side);
  } else if (what < 750) world.flush(process, 1 + chance.int(12));
  else if (what < 840) dial(world, chance, side);
  else if (what < 895) {
    if (link !== undefined) link.stalled[side] = !link.stalled[side] && chance.once(2);
  } else if (what < 930) {
    if (link !== undefined) world.cut(link, (at) => chance.int(link.toward[at].length + 1));
  } else if (what < 970) {
    if (link !== undefined) world.suspect(process, link);
  } else if (what < 980) world.dials.intrude(side);
  else if (what < 990) world.expire(process);
  else if (what < 993) world.end(process, "done");
  else if (what < 997) world.restart(side, chance.once(3), () => chance.once(2));
  world.forgetDeadLinks();
  world.check();
}

function dial(world: World, chance: Seeded, side: Side): void {
  if (world.links.length >= 6) return;
  const { introductions } = world.dials;
  const what = chance.int(10);
  if (what < 5) world.dials.want(side);
  else if (what < 7 && introductions.length > 0) world.dials.dialIntroduced(side, chance.pick(introductions));
  else {
    const introduction = world.dials.introduce(side);
    if (chance.once(3)) world.dials.dialIntroduced(side === 0 ? 1 : 0, introduction);
  }
}

/** Everything that was committed at either end is delivered and acknowledged. */
function checkDone(one: SimSession, two: SimSession): void {
  for (const [session, peer] of [
    [one, two],
    [two, one],
  ] as const) {
    const { acked, committed } = session.machine;
    if (peer.delivered !== committed || acked !== committed)
      throw new Error(`I4: ${committed} committed, ${acked} acknowledged, ${peer.delivered} delivered`);
    checkRetained(session);
  }
}

/** Each side sends over a link that the other one has too. */
function areLinked(one: SimSession, two: SimSession): boolean {
  return isPair(one, two) && sendsOver(one, two) && sendsOver(two, one);
}

function sendsOver(one: SimSession, two: SimSession): boolean {
  return two.machine.links.some(({ id }) => id === one.machine.cur?.id);
}

/** I4: once nothing fails any more, one fresh link brings both ends to one session, with everything delivered and acknowledged. At most two handshakes. */
export function settle(world: World): void {
  world.isCalm = true;
  for (const link of world.links) {
    const { stalled, gone, toward } = link;
    // Whatever is stalled or half dead by now breaks; what is well goes on.
    if (!stalled[0] && !stalled[1] && !gone[0] && !gone[1]) continue;
    world.cut(link, () => 0);
    for (const side of SIDES) toward[side].length = 1;
  }
  rest(world, world.chance.once(2) ? 5 : 0);
  const [left, right] = world.processes;
  if (left.session !== undefined && right.session !== undefined && areLinked(left.session, right.session)) {
    world.counts.linkedAtPeace++;
    checkDone(left.session, right.session); // without a fresh link
  }
  world.dials.again = true;
  world.dials.handshakes = 0;
  world.dials.want(world.chance.int(2) as Side);
  rest(world);
  if (world.dials.handshakes > 2) throw new Error(`I4: it took ${world.dials.handshakes} handshakes`);
  const [one, two] = [world.processes[0].session, world.processes[1].session];
  if (one === undefined || two === undefined) throw new Error("I4: no session came about");
  if (!isPair(one, two)) throw new Error("I4: the ends hold different sessions");
  checkDone(one, two);
  if (!one.keys.some((key) => two.keys.includes(key))) throw new Error("I4: the ends hold no key in common");
}

/** Lets everything arrive and everything be sent, until nothing moves. `bytes`: what each side has to say in each of the first rounds. */
export function rest(world: World, bytes = 5): void {
  for (let rounds = 0, moved = true; moved; rounds++) {
    if (rounds > 200) throw new Error("I4: it does not come to rest");
    moved = false;
    for (const process of world.processes) world.flush(process, rounds < 3 ? bytes : 0);
    for (const link of world.links) {
      for (const side of SIDES) while (world.deliver(link, side)) moved = true;
    }
    world.forgetDeadLinks();
    world.check();
  }
}
