#!/usr/bin/env bash
# Judges recordings, puts the matrix into the summary of the job, and makes it the one
# comment of ours in the pull request. Ends with the code of `azml-contract regress`.
#
# In: AZML_PATHS, AZML_ARGUMENTS, AZML_COMMENT, AZML_PULL (empty: no pull request),
# GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_STEP_SUMMARY, GH_TOKEN.
set -uo pipefail

mark="<!-- azml-contract -->"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# shellcheck disable=SC2086  # both are lists of words
azml-contract regress $AZML_PATHS $AZML_ARGUMENTS --format markdown -o "$folder/matrix.md"
code=$?
[ -s "$folder/matrix.md" ] || exit "$code"
cat "$folder/matrix.md" >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
[ "${AZML_COMMENT:-true}" = true ] && [ -n "${AZML_PULL:-}" ] || exit "$code"

# GitHub refuses comments of more than 65,536 characters.
python - "$mark" "$folder/matrix.md" >"$folder/body.json" <<'END'
import json, pathlib, sys

text = pathlib.Path(sys.argv[2]).read_text("utf-8")
if len(text) > 60_000:
    text = text[:60_000] + "\n\n(cut off: the summary of the job has all of it)\n"
print(json.dumps({"body": f"{sys.argv[1]}\n{text}"}))
END

# The token is on no command line, which every process can read.
call() {
  printf 'Authorization: Bearer %s\n' "$GH_TOKEN" |
    curl --silent --show-error --fail --retry 2 --header @- \
    --header "Accept: application/vnd.github+json" "$@"
}

issues="${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/issues"
find_ours='import json, sys
for one in json.load(sys.stdin):
    if one["body"].startswith(sys.argv[1]):
        print(one["id"])
        break'
comment() {
  local listed old
  listed=$(call "$issues/$AZML_PULL/comments?per_page=100") || return
  old=$(python -c "$find_ours" "$mark" <<<"$listed") || return
  if [ -n "$old" ]; then
    call --request PATCH --data "@$folder/body.json" "$issues/comments/$old" >/dev/null
  else
    call --data "@$folder/body.json" "$issues/$AZML_PULL/comments" >/dev/null
  fi
}
comment || echo "::warning::the matrix is in the summary, and could not be made a comment: the token needs pull-requests: write"
exit "$code"
