#!/usr/bin/env python3
"""Writes every frame that an interface (argv[1]) sends or receives to stdout: its length in 4 bytes, big-endian, then the frame.

Says "ready" on stderr when it listens. Ends with its stdin, when all frames until then are written, and says on stderr how many were missed.
"""
import select, socket, struct, sys

ETH_P_ALL, SO_RCVBUFFORCE, SOL_PACKET, PACKET_STATISTICS = 3, 33, 263, 6

listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 28)
listener.bind((sys.argv[1], ETH_P_ALL))
listener.setblocking(False)
print("ready", file=sys.stderr, flush=True)
while True:
    ended = 0 in select.select([0, listener], [], [])[0]
    try:
        while True:
            frame = listener.recv(1 << 17)
            sys.stdout.buffer.write(struct.pack(">I", len(frame)) + frame)
    except BlockingIOError:
        pass
    sys.stdout.buffer.flush()
    if ended:
        break
missed = struct.unpack("II", listener.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
print(f"missed {missed}", file=sys.stderr, flush=True)
