#!/bin/bash
# Runs a command on a host of its own that has one neighbour, the network namespace "far": near0 10.9.0.1, far0 10.9.0.2. For root on Linux:
#   unshare --net --mount test/trust/two-hosts.sh COMMAND...
# Everything is gone when the last process of it is. Each end knows the other's hardware address by heart: who takes another one for a while hears nothing
# of what it is sent, its carrier stays up, and nobody is told.
set -euo pipefail
mount --make-rprivate /
mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up
ip netns add far
ip link add near0 address 02:00:00:00:00:01 type veth peer name far0 address 02:00:00:00:00:02 netns far
ip addr add 10.9.0.1/24 dev near0
ip link set near0 up
ip -n far addr add 10.9.0.2/24 dev far0
ip -n far link set lo up
ip -n far link set far0 up
ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev near0 nud permanent
ip -n far neigh replace 10.9.0.1 lladdr 02:00:00:00:00:01 dev far0 nud permanent
exec "$@"
