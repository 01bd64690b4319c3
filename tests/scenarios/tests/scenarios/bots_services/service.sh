#!/bin/sh
# A service for tests, in a folder of its own: `service.sh FOLDER WORD`. Its process is a real one.
mkdir -p "$1" && cd "$1" || exit 9
is_up() {
    [ -f pid ] && [ -d "/proc/$(cat pid)" ] && ! grep -q '^State:.Z' "/proc/$(cat pid)/status"
}
case "$2" in
state)
    # One more time each time that somebody looks, while it is told to loop.
    [ -f loops ] && { count=$(($(cat restarts 2>/dev/null || echo 0) + 1)); echo "$count" >restarts; }
    [ -f broken ] && { echo "the panel is on fire" >&2; exit 7; }
    if [ -f gone ]; then echo "not deployed"
    elif is_up; then echo "running|$(cat since)|$(cat restarts 2>/dev/null || echo 0)"
    else echo "exited||$(cat restarts 2>/dev/null || echo 0)"
    fi
    ;;
start)
    is_up && { echo "it runs already"; exit 0; }
    setsid sleep 900 >/dev/null 2>&1 &
    echo $! >pid
    date +%s >since
    echo started
    ;;
stop)
    is_up && kill "$(cat pid)"
    rm -f pid
    printf 'a \033[31mred\033[0m <b>line</b>\n'
    echo stopped
    ;;
restart)
    sh "$0" "$1" stop
    sh "$0" "$1" start
    ;;
update)
    echo $$ >update.pid
    echo "fetching"
    while [ ! -f go ]; do sleep 0.05; done
    echo "building" && rm go
    [ -f fails ] && { echo "the disk is full" >&2; exit 3; }
    echo "up to date"
    ;;
logs)
    echo "line one"
    echo "line two" >&2
    ;;
esac
