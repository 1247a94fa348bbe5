#!/usr/bin/env python3
"""Bad lines: carries frames between pairs of TAP devices with delay, loss and a rate, the same in each direction.

Runs in the namespace that the lines cross and ends with its stdin. Orders are lines of JSON on stdin, each answered with one line:
  {"line": "a", "delayMs": 50, "loss": 0.02, "rateMbit": 10}      rateMbit 0: no limit
The first order for a line makes its devices x-<line> and y-<line>. argv[1] is the seed: which frames are lost depends on it, the line,
the direction and the number of frames before. A line with a rate holds up to QUEUE seconds of frames; what comes on top is dropped.
"""
import collections, fcntl, json, os, random, select, struct, sys, time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
QUEUE = 0.2
now = time.monotonic


class Way:
    """One direction of a line."""

    def __init__(self, source, target, settings, seed):
        self.source, self.target, self.settings = source, target, settings
        self.chance = random.Random(seed)
        self.frames = collections.deque()  # (time to deliver, frame), in order
        self.sent = self.last = 0.0

    def take(self):
        settings, frames = self.settings, self.frames
        for _ in range(64):
            try:
                frame = os.read(self.source, 65536)
            except OSError:
                return
            # Frames to a group (ARP, neighbour discovery) and ARP's answers are spared: they would cost a second, and the count.
            if settings["loss"] and not frame[0] & 1 and frame[12:14] != b"\x08\x06":
                if self.chance.random() < settings["loss"]:
                    continue
            at = now()
            if settings["rateMbit"]:
                start = max(at, self.sent)
                if start - at > QUEUE:
                    continue
                at = self.sent = start + len(frame) * 8e-6 / settings["rateMbit"]
            at = self.last = max(at + settings["delayMs"] / 1000, self.last)
            frames.append((at, frame))

    def deliver(self):
        frames = self.frames
        while frames and frames[0][0] <= now():
            try:
                os.write(self.target, frames.popleft()[1])
            except OSError:
                pass


def tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


lines, ways = {}, {}


def obey(order):
    line = order.pop("line")
    if line not in lines:
        lines[line] = {}
        x, y = tap("x-" + line), tap("y-" + line)
        ways[x] = Way(x, y, lines[line], f"{sys.argv[1]} {line} in")
        ways[y] = Way(y, x, lines[line], f"{sys.argv[1]} {line} out")
    lines[line].update(order)
    print("ok", flush=True)


def run():
    unread = b""
    while True:
        due = [way.frames[0][0] for way in ways.values() if way.frames]
        wait = max(0.0, min(due) - now()) if due else None
        for fd in select.select([0, *ways], [], [], wait)[0]:
            if fd:
                ways[fd].take()
                continue
            more = os.read(0, 65536)
            if not more:
                return
            *orders, unread = (unread + more).split(b"\n")
            for order in orders:
                obey(json.loads(order))
        for way in ways.values():
            way.deliver()


run()
