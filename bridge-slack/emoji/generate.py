#!/usr/bin/env python3
"""Writes src/convert/emoji/table.txt from iamcal's emoji data (MIT licence), Slack's own list of emoji names.

    npm pack emoji-datasource@16.0.0 && tar xzf emoji-datasource-16.0.0.tgz
    python3 bridge-slack/emoji/generate.py package/emoji.json

One line a name, sorted by the bytes of the name: the name, a tab, the emoji, and for a second name of an emoji
another tab and `=`. Emoji with skin tones have a line for each, named as Slack names them.
"""

import json
import pathlib
import sys

TONES = {"1F3FB": "2", "1F3FC": "3", "1F3FD": "4", "1F3FE": "5", "1F3FF": "6"}


def sequence(unified):
    return "".join(chr(int(point, 16)) for point in unified.split("-"))


def lines(data):
    for emoji in data:
        # A tie between two emoji of one sequence would make the way back ambiguous; see the check in `main`.
        names = [emoji["short_name"]] + [n for n in emoji["short_names"] if n != emoji["short_name"]]
        for index, name in enumerate(names):
            alias = "\t=" if index else ""
            yield name, sequence(emoji["unified"]), alias
            for key, variation in emoji.get("skin_variations", {}).items():
                tones = [TONES[tone] for tone in key.split("-")]
                yield f"{name}::skin-tone-{'-'.join(tones)}", sequence(variation["unified"]), alias


def main():
    data = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    table = sorted(lines(data), key=lambda line: line[0].encode())
    names = [name for name, _, _ in table]
    assert len(names) == len(set(names)), "two emoji have one name"
    primary = [emoji.replace("\ufe0f", "") for _, emoji, alias in table if not alias]
    assert len(primary) == len(set(primary)), "two names have one emoji"
    target = pathlib.Path(__file__).parent.parent / "src/convert/emoji/table.txt"
    text = "".join(f"{name}\t{emoji}{alias}\n" for name, emoji, alias in table)
    target.write_bytes(text.encode())
    print(f"{len(table)} names, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
