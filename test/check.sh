#!/usr/bin/env bash
# Everything that must hold, `npm run check`: the build, what reads the sources beside what tries the packages, then the tests, which have the machine to themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
sources() {
  npm run typecheck && npm run lint && npm run format:check && npm run --silent codegen -- --check && npm run --silent codegen -- --check --schemas bench/schemas --out bench/generated
}
npm run build
out=$(mktemp)
trap 'rm -f "$out"' EXIT
{ npx publint && npx publint codegen && npm run test:pack; } >"$out" 2>&1 &
packages=$!
read_rc=0
sources || read_rc=$?
packages_rc=0
wait "$packages" || packages_rc=$?
cat "$out"
[ "$read_rc" -eq 0 ] && [ "$packages_rc" -eq 0 ] || exit 1
npm test
