#!/usr/bin/env bash
# Puts the table and the chart of a run into bench/README.md, between the lines bench:begin and bench:end.
#
#   bench/publish.sh          the newest full run of bench/results
#   bench/publish.sh NAME     those of bench/results/NAME.*
set -euo pipefail
cd "$(dirname "$0")"

shopt -s nullglob
if [[ $# -gt 0 ]]; then
    summary="results/$1.summary.md"
else
    summaries=(results/????-??-??.summary.md)
    [[ ${#summaries[@]} -gt 0 ]] || { echo "bench/publish.sh: there are no results; run make bench first" >&2; exit 1; }
    summary=${summaries[-1]}
fi
[[ -f "$summary" ]] || { echo "bench/publish.sh: bench/$summary does not exist" >&2; exit 1; }
for mark in begin end; do
    [[ "$(grep -c "^<!-- bench:$mark -->$" README.md)" == 1 ]] ||
        { echo "bench/publish.sh: bench/README.md needs one line <!-- bench:$mark -->" >&2; exit 1; }
done

new=$(mktemp)
trap 'rm -f "$new"' EXIT
# The link to the chart is relative to the folder of the summary.
awk -v summary="$summary" '
    /^<!-- bench:end -->$/ { inside = 0 }
    !inside { print }
    /^<!-- bench:begin -->$/ {
        inside = 1
        print ""
        while ((getline line < summary) > 0) { sub(/^!\[.*\]\(/, "&results/", line); print line }
        print ""
    }
' README.md > "$new"
cat "$new" > README.md
echo "bench/publish.sh: bench/README.md shows bench/$summary"
