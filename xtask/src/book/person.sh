#!/usr/bin/env bash
# A browser and the person at it: opens the URL, logs in as alice, allows what is asked, and goes where it is sent.
set -euo pipefail
kept=$(mktemp -d)
trap 'rm -r "$kept"' EXIT
page=$kept/page jar=$kept/jar

visit() { curl -sS -o "$page" -b "$jar" -c "$jar" -w '%{redirect_url}' "$@"; }
# Sends the form on the page, with its hidden token.
submit() {
  local csrf
  csrf=$(sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$page")
  visit "$1" -d "csrf=$csrf" -d "$2"
}
# The boxes of the page that are ticked: a browser sends them with its form.
ticked() {
  { grep -o 'name="scope" value="[^"]*" checked' "$page" || true; } | sed 's/.*value="\([^"]*\)".*/\&scope=\1/' | tr -d '\n'
}

url=$1
visit "$url" >/dev/null
if grep -q 'name="user"' "$page"; then
  url=$(submit "$url" 'decision=login&user=alice')
  visit "$url" >/dev/null
fi
curl -sS -o /dev/null "$(submit "$url" "decision=allow$(ticked)")"
