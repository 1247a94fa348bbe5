#!/usr/bin/env bash
# What a user gets: packs both packages, makes a new project from them in an empty folder, and runs it. Needs the build.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
npm pack --silent --workspaces --include-workspace-root --pack-destination "$work" >/dev/null
cd "$work"
echo '{ "private": true }' >package.json # else npm looks for a project above, and takes its paths from there
npx --yes --package="$(echo "$work"/chatroom-[0-9]*.tgz)" -- chatroom init hello
cd hello
npm install --silent --no-audit --no-fund --prefer-offline
npm start --silent | tee out.txt
npm run --silent check
for line in 'get.test("Hello get") -> ["Bar did the test","Hello get"]' 'Bar says: Nice to meet you' 'NotFound' 'room | exit code 0'; do
  grep -qF "$line" out.txt || { echo "missing in what npm start shows: $line" >&2; exit 1; }
done
echo "a password" | npx chatroom hash --cost 4 2>/dev/null | grep -qE '^\$2b\$04\$.{108}$' || { echo "chatroom hash prints no verifier: the thread that hashes is missing" >&2; exit 1; }
npx chatroom-codegen --check
npx chatroom-codegen docs && npx chatroom-codegen docs --check
grep -qF '## get test' docs/api/Bar.md || { echo "codegen docs writes no page of Bar" >&2; exit 1; }
npx chatroom-codegen compare --accept && npx chatroom-codegen compare
sed -i.bak 's/test:/tested:/' schemas/Bar.ts
rc=0
npx chatroom-codegen --check >/dev/null 2>&1 || rc=$?
[ "$rc" -eq 1 ] || { echo "codegen --check sees no change: $rc" >&2; exit 1; }
rc=0
npx chatroom-codegen compare >out.txt || rc=$?
[ "$rc" -eq 1 ] && grep -q '^breaking  Bar.test: this method is gone' out.txt || { echo "codegen compare sees no method that is gone: $rc" >&2; exit 1; }
mv schemas/Bar.ts.bak schemas/Bar.ts
if [ -e node_modules/chatroom/node_modules ] || ls node_modules/chatroom/dist | grep -q codegen; then echo "more is shipped than should be" >&2; exit 1; fi
echo "a new project runs, and compiles"
