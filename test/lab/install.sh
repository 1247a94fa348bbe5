#!/usr/bin/env bash
# Installs from Debian what test/lab stands on, once: quick when all is there.
set -euo pipefail

declare -A packages=([ip]=iproute2 [nft]=nftables [conntrack]=conntrack [python3]=python3 [sysctl]=procps [unshare]=util-linux)
missing=()
for command in "${!packages[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$command" >/dev/null || missing+=("${packages[$command]}")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "test/lab needs ${missing[*]}: install them, or run this as root on Debian" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
