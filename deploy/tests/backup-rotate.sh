#!/bin/sh
# Tests deploy/backup-rotate.sh: fourteen months of days, a second run on a day, a backup that fails.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rotate="$here/../backup-rotate.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "backup-rotate: $1" >&2
    ls -1 "$work/kept" >&2
    exit 1
}

is() {
    [ "$2" = "$3" ] || fail "$1: expected $3, got $2"
}

# Stands in for the programs: `--config FILE backup FILE`, with their rule that nothing is overwritten.
cat >"$work/bridge-x" <<'PROGRAM'
#!/bin/sh
[ "$1 $3" = "--config backup" ] || exit 2
[ ! -e "$4" ] || exit 3
[ "${FAILS:-}" != yes ] || exit 1
echo "${CONTENT:-$BACKUP_DAY}" >"$4"
[ "${DAMAGED:-}" != yes ] || exit 1
PROGRAM
chmod 755 "$work/bridge-x"
mkdir "$work/kept" "$work/metrics"
export METRICS_DIR="$work/metrics"

run() {
    BACKUP_DAY=$1 "$rotate" "$work/bridge-x" config.yaml "$work/kept"
}

names() {
    (cd "$work/kept" && for file in "$1"-*; do echo "$file"; done) | tr '\n' ' '
}

# From 2025-01-01: every fifth day first, the last forty days one by one.
ago=425
while [ "$ago" -ge 0 ]; do
    if [ "$ago" -le 40 ] || [ $((ago % 5)) -eq 0 ]; then
        run "$(date -d "2026-03-02 -$ago days" +%F)"
    fi
    ago=$((ago - 1))
done

is "days" "$(names daily)" "daily-2026-02-24.backup daily-2026-02-25.backup daily-2026-02-26.backup \
daily-2026-02-27.backup daily-2026-02-28.backup daily-2026-03-01.backup daily-2026-03-02.backup "
is "weeks" "$(names weekly)" \
    "weekly-2026-W07.backup weekly-2026-W08.backup weekly-2026-W09.backup weekly-2026-W10.backup "
is "months" "$(names monthly | wc -w)" 12
[ -e "$work/kept/monthly-2025-04.backup" ] || fail "the oldest of twelve months is not there"
is "what a week's file holds" "$(cat "$work/kept/weekly-2026-W09.backup")" 2026-02-23
is "what a month's file holds" "$(cat "$work/kept/monthly-2026-02.backup")" 2026-02-01

# A second run on a day: the day's file is the new one, the week's stays.
CONTENT=again run 2026-03-02
is "a second run" "$(cat "$work/kept/daily-2026-03-02.backup")" again
is "the week's after it" "$(cat "$work/kept/weekly-2026-W10.backup")" 2026-03-02

# What a run left that was cut off is no hindrance.
echo half >"$work/kept/new.backup"
run 2026-03-02
[ ! -e "$work/kept/new.backup" ] || fail "what was cut off is still there"

# The metric is there for others to read.
grep -q '^bridge_backup_timestamp_seconds{program="bridge-x"} [0-9]*$' "$work/metrics/bridge-x-backup.prom" ||
    fail "the metric is not there"
is "the metric's mode" "$(stat -c %a "$work/metrics/bridge-x-backup.prom")" 644

# A backup that fails deletes nothing, leaves the metric as it was, and tells.
before=$(ls "$work/kept")
rm "$work/metrics/bridge-x-backup.prom"
if FAILS=yes run 2026-03-20; then
    fail "a backup that failed was not told of"
fi
is "after a failure" "$(ls "$work/kept")" "$before"
[ ! -e "$work/metrics/bridge-x-backup.prom" ] || fail "a backup that failed was counted"

# One with damaged files is kept beside the others, and told of as well.
if DAMAGED=yes run 2026-03-21; then
    fail "damaged files were not told of"
fi
is "damaged ones" "$(names damaged)" "damaged-2026-03-21.backup "
is "days beside a damaged one" "$(names daily | wc -w)" 7
[ ! -e "$work/metrics/bridge-x-backup.prom" ] || fail "a backup with damaged files was counted"
echo "backup-rotate: good"
