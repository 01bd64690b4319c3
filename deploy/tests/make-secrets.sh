#!/bin/sh
# Tests deploy/make-secrets.sh with a program that stands in for ours.
set -eu

script=$(dirname "$0")/../make-secrets.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "make-secrets: $1" >&2
    exit 1
}

cat >"$folder/program" <<'PROGRAM'
#!/bin/sh
echo "$*" >>"$(dirname "$0")/calls"
[ ! -e "$(dirname "$0")/fails" ]
PROGRAM
chmod +x "$folder/program"
make() { "$script" "$folder/program" "$folder/config.yaml" "$folder/secret.key"; }

[ -z "$(make)" ] || fail "something is printed, though all is well"
grep -Eqx '[0-9a-f]{64}' "$folder/secret.key" || fail "the key is not 64 hexadecimal digits"
[ "$(stat -c %a "$folder/secret.key")" = 600 ] || fail "others may read the key"
[ "$(cat "$folder/calls")" = "--config $folder/config.yaml registration --form file" ] || fail "the program is called otherwise"

before=$(cat "$folder/secret.key")
make
[ "$(cat "$folder/secret.key")" = "$before" ] || fail "the key was made anew"
[ ! -e "$folder/secret.key.new" ] || fail "something is left over"

touch "$folder/fails"
if make; then fail "a program that fails is not told of"; fi
if "$script" "$folder/program" 2>"$folder/told"; then fail "words may be missing"; fi
grep -q usage: "$folder/told" || fail "what is missing is not said"
