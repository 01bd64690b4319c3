#!/bin/sh
# Starts a service anew that does not answer: health-restart.sh UNIT
#
# HEALTH_URL is what to ask, HEALTH_TRIES (3) how often before it counts as dead, HEALTH_PAUSE (10) the seconds between. A
# service that is not running, or only just starting, is left alone: that is systemd's work, or somebody's wish.
set -eu

if [ "$#" -ne 1 ] || [ -z "${HEALTH_URL:-}" ]; then
    echo "usage: HEALTH_URL=http://127.0.0.1:PORT/health/live $0 UNIT" >&2
    exit 2
fi
unit=$1
try=0

while systemctl is-active --quiet "$unit"; do
    if curl --fail --silent --show-error --output /dev/null --max-time 10 "$HEALTH_URL"; then
        exit 0
    fi
    try=$((try + 1))
    if [ "$try" -ge "${HEALTH_TRIES:-3}" ]; then
        echo "$unit did not answer $try times in a row and is started anew"
        # A start may take as long as the homeserver is away; nobody waits for it here.
        exec systemctl restart --no-block "$unit"
    fi
    sleep "${HEALTH_PAUSE:-10}"
done
