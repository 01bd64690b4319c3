#!/bin/sh
# Makes what a program needs and only this machine may know, once: make-secrets.sh PROGRAM CONFIG KEY
#
# KEY is the file with the key that seals what is stored. The registration is written where the config says; tokens that it
# has already stay as they are, so calling this again changes nothing.
set -eu

if [ "$#" -ne 3 ]; then
    echo "usage: $0 PROGRAM CONFIG KEY" >&2
    exit 2
fi
program=$1 config=$2 key=$3
umask 077

if [ ! -e "$key" ]; then
    # Under its name stands a whole key or none.
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$key.new"
    mv "$key.new" "$key"
fi
# What it prints says what to do by hand, which is done already.
exec "$program" --config "$config" registration --form file >/dev/null
