#!/bin/sh
# Makes a backup and keeps the newest 7 of days, 4 of weeks and 12 of months: backup-rotate.sh PROGRAM CONFIG FOLDER
#
# The files are called daily-2026-11-29.backup, weekly-2026-W48.backup and monthly-2026-11.backup; those of weeks and months are
# further names of a day's file, which take no room of their own while that day's is kept. If the backup fails, nothing is
# deleted and the exit code tells; one that holds damaged files of bots is kept as damaged-2026-11-29.backup. With METRICS_DIR set,
# a file there tells node_exporter when a backup was last made.
# BACKUP_DAY (2026-11-29) is the day to make it for, in place of today.
set -eu

if [ "$#" -ne 3 ]; then
    echo "usage: $0 PROGRAM CONFIG FOLDER" >&2
    exit 2
fi
program=$1 config=$2 folder=$3
name=$(basename "$program")
day=${BACKUP_DAY:-$(date +%F)}
week=$(date -d "$day" +%G-W%V)
month=$(date -d "$day" +%Y-%m)
umask 077

# Gives the day's backup another name, unless the week or month has one already.
also() {
    [ -e "$folder/$1" ] || ln "$folder/daily-$day.backup" "$folder/$1"
}

# Deletes all but the newest: keep KIND NUMBER. The names sort by their time.
keep() {
    for file in "$folder/$1"-*.backup; do
        [ -e "$file" ] && echo "$file"
    done | sort -r | tail -n "+$(($2 + 1))" | while IFS= read -r file; do
        rm -f -- "$file"
    done
}

# A second backup of a day takes the place of the first, once it is whole.
new="$folder/new.backup"
rm -f -- "$new"
if ! "$program" --config "$config" backup "$new"; then
    # One in which a bot's file is damaged is there all the same. It pushes no other out.
    if [ -e "$new" ]; then
        mv -f -- "$new" "$folder/damaged-$day.backup"
        keep damaged 7
    fi
    exit 1
fi
mv -f -- "$new" "$folder/daily-$day.backup"
also "weekly-$week.backup"
also "monthly-$month.backup"
keep daily 7
keep weekly 4
keep monthly 12

if [ -n "${METRICS_DIR:-}" ] && [ -w "$METRICS_DIR" ]; then
    part="$METRICS_DIR/$name-backup.part"
    {
        echo "# HELP bridge_backup_timestamp_seconds When the last backup was made."
        echo "# TYPE bridge_backup_timestamp_seconds gauge"
        echo "bridge_backup_timestamp_seconds{program=\"$name\"} $(date +%s)"
    } >"$part"
    chmod 644 "$part"
    mv -f -- "$part" "$METRICS_DIR/$name-backup.prom"
fi
