import { hashPasswords, Room, User, type UserOptions } from "chatroom";
import { simulate, type SimulatedNetwork } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";

expectNothingLeft();

const PASSWORD = "a room of one's own";

/** A join that fails at once and for good, from that machine. */
function failing(
  net: SimulatedNetwork,
  host: string,
  name: string,
  options: UserOptions = {},
): Promise<Error & { code?: string }> {
  const usual = net.host(host).options;
  return failure(
    User.join(name, {
      reconnect: false,
      ...usual,
      ...options,
      room: { password: "wrong", ...options.room },
    }),
  );
}

function joining(net: SimulatedNetwork, host: string, name: string, options: UserOptions = {}): Promise<User> {
  const usual = net.host(host).options;
  return User.join(name, { ...usual, ...options, room: { password: PASSWORD } });
}

test("case 79: six wrong passwords from one machine bar it, no other one, for as long as its penalty drains", async () => {
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await using room = await Room.open({ ...net.host("room").options, password: PASSWORD });
    await using honest = await joining(net, "elsewhere", "Honest");
    const codes: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 6; attempt++) codes.push((await failing(net, "attacker", `Guess ${attempt}`)).code);
    expect(codes).toEqual(["ERR_AUTH", "ERR_AUTH", "ERR_AUTH", "ERR_AUTH", "ERR_REFUSED", "ERR_REFUSED"]);
    // Who knows the password is kept out there too, and let in elsewhere.
    expect((await failing(net, "attacker", "Late", { room: { password: PASSWORD } })).code).toBe("ERR_REFUSED");
    await using other = await joining(net, "third", "Other");
    await net.sleep(30_000);
    await using late = await joining(net, "attacker", "Late");
    expect(room.names.toSorted()).toEqual([honest, late, other].map(({ name }) => name).toSorted());
  });
});

test("case 80: wrong passwords behind one address leave a member there its session, and let it come back", async () => {
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await using room = await Room.open({ ...net.host("room").options, password: PASSWORD });
    await using member = await joining(net, "behind-a-nat", "Member");
    await using far = await joining(net, "far", "Far");
    far.handle("echo", (data) => data);
    expect(await member.peer("Far").get("echo", 1)).toBe(1);
    const codes: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 6; attempt++) codes.push((await failing(net, "behind-a-nat", "Guess")).code);
    expect(new Set(codes)).toEqual(new Set(["ERR_AUTH"])); // none is refused yet: the bar is higher where a member is
    expect(await member.peer("Far").get("echo", 2)).toBe(2);
    await using second = await joining(net, "behind-a-nat", "Second");
    expect(room.names).toContain(second.name);
    await member.close();
    await using again = await joining(net, "behind-a-nat", "Member");
    expect(await again.peer("Far").get("echo", 3)).toBe(3);
  });
});

test("case 83: who fails as alice keeps alice out of nothing: she logs in elsewhere at once, and stays in", async () => {
  const users = await hashPasswords({ Alice: "wonderland", Bob: "builder's" }, { cost: 4 });
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await using room = await Room.open({ ...net.host("room").options, users });
    const usual = (host: string, password: string): UserOptions => ({ ...net.host(host).options, password });
    const failures: string[] = [];
    for (let attempt = 0; attempt < 8; attempt++)
      failures.push(
        (
          (await failure(
            User.join("Alice", { ...usual(`attacker-${attempt % 4}`, `guess ${attempt}`), reconnect: false }),
          )) as { code?: string }
        ).code ?? "",
      );
    expect(failures).toEqual(Array(8).fill("ERR_AUTH"));
    const before = net.now;
    await using alice = await User.join("Alice", usual("home", "wonderland"));
    expect(net.now - before).toBeLessThan(250); // no delay: that is for the sources that failed
    await using bob = await User.join("Bob", usual("work", "builder's"));
    alice.handle("echo", (data) => data);
    for (let attempt = 0; attempt < 4; attempt++)
      expect(
        await failure(User.join("Alice", { ...usual("attacker-9", `guess ${attempt}`), reconnect: false })),
      ).toMatchObject({ code: "ERR_AUTH" });
    expect(await bob.peer("Alice").get("echo", "still in")).toBe("still in");
    expect(room.names.toSorted()).toEqual(["Alice", "Bob"]);
  });
});
