#!/bin/sh
# Tests deploy/health-restart.sh, with stand-ins for systemctl and curl.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/systemctl" <<'PROGRAM'
#!/bin/sh
case "$1" in
is-active) [ -e "$WORK/active" ] ;;
restart) echo "$2" >>"$WORK/restarted" ;;
esac
PROGRAM
# Fails as often as the file says.
cat >"$work/curl" <<'PROGRAM'
#!/bin/sh
for last; do :; done
[ "$last" = http://127.0.0.1:1/health/live ] || exit 2
echo asked >>"$WORK/asked"
left=$(cat "$WORK/failures")
[ "$left" -gt 0 ] || exit 0
echo $((left - 1)) >"$WORK/failures"
exit 7
PROGRAM
chmod 755 "$work/systemctl" "$work/curl"
export WORK="$work" HEALTH_URL=http://127.0.0.1:1/health/live HEALTH_PAUSE=0 HEALTH_TRIES=3
PATH="$work:$PATH"

# Of failures in a row: how often it is asked, and how often the service is started anew.
expect() {
    : >"$work/asked"
    : >"$work/restarted"
    echo "$2" >"$work/failures"
    "$here/../health-restart.sh" x.service >/dev/null
    asked=$(wc -l <"$work/asked")
    restarted=$(wc -l <"$work/restarted")
    [ "$asked $restarted" = "$3 $4" ] ||
        { echo "health-restart: $1: asked $asked times, restarted $restarted times" >&2; exit 1; }
}

touch "$work/active"
expect "one that answers" 0 1 0
expect "one that stumbles" 2 3 0
expect "one that is dead" 9 3 1
rm "$work/active"
expect "one that is stopped" 9 0 0
if HEALTH_URL='' "$here/../health-restart.sh" x.service 2>/dev/null; then
    echo "health-restart: without an address it said nothing" >&2
    exit 1
fi
echo "health-restart: good"
