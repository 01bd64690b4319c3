"""Slack's own Python clients against the fake workspace.

Takes the JSON line that `fake-slack` prints when it is ready: a file as the first argument, or the line itself (or
a file with it) in FAKE_SLACK. Prints one line per check and `N passed, 0 failed`; stops at the first difference.
"""

import hashlib
import json
import os
import queue
import struct
import sys
import time
import urllib.request
import zlib

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

passed = 0


def check(name, fine, seen=None):
    global passed
    if fine:
        passed += 1
        print(f"ok {name}", flush=True)
        return
    print(f"FAILED {name}: {seen!r}", flush=True)
    print(f"{passed} passed, 1 failed", flush=True)
    os._exit(1)


def refused(name, error, call):
    try:
        answer = call()
    except SlackApiError as problem:
        check(name, problem.response["error"] == error, problem.response.data)
        return problem.response
    check(name, False, answer.data)


def load():
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ["FAKE_SLACK"]
    if not given.lstrip().startswith("{"):
        with open(given, encoding="utf-8") as file:
            given = file.readline()
    return json.loads(given)


def control(slack, verb, **arguments):
    body = json.dumps(arguments).encode()
    request = urllib.request.Request(slack["control_url"] + verb, data=body)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(name, found, limit=15.0):
    """Polls a condition with a deadline."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = found()
        if value:
            check(name, True)
            return value
        time.sleep(0.02)
    check(name, False, "not within the time")


def web_api(slack, web):
    channel = slack["channels"]["general"]
    who = web.auth_test()
    check("auth.test", who["user_id"] == slack["bot_user_id"] and who["bot_id"] == slack["bot_id"], who.data)
    check("x-oauth-scopes", "chat:write" in who.headers["x-oauth-scopes"].split(","), who.headers)
    check("api.test", web.api_test(foo="bar")["args"] == {"foo": "bar"})
    nobody = WebClient(token="xoxb-not-one", base_url=slack["api_url"])
    refused("invalid_auth", "invalid_auth", nobody.auth_test)
    app_level = WebClient(token=slack["app_token"], base_url=slack["api_url"])
    refused("not_allowed_token_type", "not_allowed_token_type", lambda: app_level.chat_postMessage(channel=channel, text="x"))

    ids = []
    for page in web.conversations_list(types="public_channel,private_channel", limit=1):
        check("conversations.list page", len(page["channels"]) == 1, page.data)
        ids += [found["id"] for found in page["channels"]]
    check("conversations.list pagination", sorted(ids) == sorted(slack["channels"].values()), ids)
    users = [user["name"] for page in web.users_list(limit=2) for user in page["members"]]
    check("users.list pagination", sorted(users) == sorted(slack["users"]), users)
    alice = slack["users"]["alice"]
    profile = web.users_info(user=alice)["user"]["profile"]
    picture = urllib.request.urlopen(profile["image_72"], timeout=10).read()
    check("users.info and picture", picture.startswith(b"\x89PNG"), profile)
    info = web.conversations_info(channel=channel, include_num_members=True)["channel"]
    check("conversations.info", info["name"] == "general" and info["num_members"] >= 4, info)
    members = [m for page in web.conversations_members(channel=channel, limit=1) for m in page["members"]]
    check("conversations.members pagination", alice in members and slack["bot_user_id"] in members, members)

    posted = web.chat_postMessage(
        channel=channel,
        text="a & b <@" + alice + ">",
        metadata={"event_type": "marker", "event_payload": {"n": 1, "deep": {"x": [True]}}},
    )
    ts = posted["ts"]
    message = posted["message"]
    check("chat.postMessage", message["text"] == f"a &amp; b <@{alice}>" and message["bot_id"] == slack["bot_id"], message)
    check("rich_text made from text", message["blocks"][0]["type"] == "rich_text", message)
    reply = web.chat_postMessage(channel=channel, thread_ts=ts, text="reply")
    check("thread reply", reply["message"]["thread_ts"] == ts, reply.data)
    custom = web.chat_postMessage(channel=channel, text="hello", username="Somebody", icon_url="https://a.example/x.png")
    check("bot_message", custom["message"]["subtype"] == "bot_message" and "user" not in custom["message"], custom.data)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*bold*"}}]
    with_blocks = web.chat_postMessage(channel=channel, text="fallback", blocks=blocks)
    check("blocks", with_blocks["message"]["blocks"][0]["text"]["text"] == "*bold*", with_blocks.data)

    history = web.conversations_history(channel=channel, limit=50)["messages"]
    parent = next(found for found in history if found["ts"] == ts)
    check("history", parent["reply_count"] == 1 and reply["ts"] not in [m["ts"] for m in history], history)
    check("history without metadata", "metadata" not in parent, parent)
    exact = web.conversations_history(channel=channel, oldest=ts, latest=ts, inclusive=True, include_all_metadata=True)
    found = exact["messages"]
    check("history of one ts with metadata", len(found) == 1 and found[0]["metadata"]["event_payload"]["n"] == 1, found)
    seen = [m["ts"] for page in web.conversations_history(channel=channel, limit=1) for m in page["messages"]]
    check("history pagination", len(seen) == len(set(seen)) >= 3 and seen == sorted(seen, reverse=True), seen)
    thread = web.conversations_replies(channel=channel, ts=ts)["messages"]
    check("replies", [m["ts"] for m in thread] == [ts, reply["ts"]], thread)

    web.chat_update(channel=channel, ts=ts, text="changed")
    changed = control(slack, "message", channel=channel, ts=ts)["message"]
    check("chat.update", changed["text"] == "changed" and "edited" in changed, changed)
    web.chat_update(channel=channel, ts=reply["ts"], text="also in the channel", reply_broadcast=True)
    loud = control(slack, "message", channel=channel, ts=reply["ts"])["message"]
    check("chat.update with reply_broadcast", loud["subtype"] == "thread_broadcast" and loud["root"]["ts"] == ts, loud)
    refused("msg_too_long", "msg_too_long", lambda: web.chat_update(channel=channel, ts=ts, text="x" * 4001))
    human = control(slack, "post", user="bob", channel=channel, text="mine")["ts"]
    refused("cant_update_message", "cant_update_message", lambda: web.chat_update(channel=channel, ts=human, text="no"))
    refused("cant_delete_message", "cant_delete_message", lambda: web.chat_delete(channel=channel, ts=human))
    web.chat_delete(channel=channel, ts=reply["ts"])
    check("chat.delete", control(slack, "message", channel=channel, ts=reply["ts"])["message"] is None)
    refused("message_not_found", "message_not_found", lambda: web.chat_delete(channel=channel, ts=reply["ts"]))

    web.reactions_add(channel=channel, timestamp=human, name="tada")
    refused("already_reacted", "already_reacted", lambda: web.reactions_add(channel=channel, timestamp=human, name="tada"))
    reactions = web.reactions_get(channel=channel, timestamp=human)["message"]["reactions"]
    check("reactions.get", reactions == [{"name": "tada", "users": [slack["bot_user_id"]], "count": 1}], reactions)
    web.reactions_remove(channel=channel, timestamp=human, name="tada")
    refused("no_reaction", "no_reaction", lambda: web.reactions_remove(channel=channel, timestamp=human, name="tada"))

    refused("channel_not_found", "channel_not_found", lambda: web.chat_postMessage(channel="C0NOWHERE", text="x"))
    refused("no_text", "no_text", lambda: web.chat_postMessage(channel=channel, text=""))
    refused("missing_scope", "missing_scope", lambda: web.users_lookupByEmail(email="alice@fake.example"))
    direct = web.conversations_open(users=[alice])["channel"]["id"]
    check("conversations.open", web.conversations_info(channel=direct)["channel"]["user"] == alice)
    check("team.info", web.team_info()["team"]["id"] == slack["team_id"])
    check("bots.info", web.bots_info(bot=slack["bot_id"])["bot"]["user_id"] == slack["bot_user_id"])
    check("emoji.list", web.emoji_list()["emoji"]["partyparrot"] == "alias:party_parrot")
    web.pins_add(channel=channel, timestamp=human)
    check("pins.list", web.pins_list(channel=channel)["items"][0]["message"]["ts"] == human)
    refused("already_pinned", "already_pinned", lambda: web.pins_add(channel=channel, timestamp=human))
    web.pins_remove(channel=channel, timestamp=human)
    refused("no_pin", "no_pin", lambda: web.pins_remove(channel=channel, timestamp=human))
    group = web.conversations_open(users=[alice, slack["users"]["bob"]])["channel"]["id"]
    check("group", web.conversations_info(channel=group)["channel"]["is_mpim"])
    refused(
        "no invitations into groups",
        "method_not_supported_for_channel_type",
        lambda: web.conversations_invite(channel=group, users=[slack["users"]["carol"]]),
    )
    private = slack["channels"]["secret-plans"]
    refused("already_in_channel", "already_in_channel", lambda: web.conversations_invite(channel=private, users=[alice]))
    lacking = refused("kick needs more", "missing_scope", lambda: web.conversations_kick(channel=private, user=alice))
    check("needed scope", lacking["needed"] == "groups:write", lacking.data)
    long = web.chat_postMessage(channel=channel, text="y" * 9000)
    pieces = [m for m in control(slack, "messages", channel=channel)["messages"] if m["text"].startswith("yy")]
    check("long text splits", [len(m["text"]) for m in pieces] == [4000, 4000, 1000] and pieces[0]["ts"] == long["ts"])

    control(slack, "rate_limit", method="users.info", retry_after=1, times=1)
    limited = refused("ratelimited", "ratelimited", lambda: web.users_info(user=alice))
    check("429 and Retry-After", limited.status_code == 429 and limited.headers["retry-after"] == "1", limited.headers)
    control(slack, "rate_limit", method="users.info", retry_after=1, times=1)
    patient = WebClient(token=slack["bot_token"], base_url=slack["api_url"])
    patient.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    begun = time.monotonic()
    patient.users_info(user=alice)
    check("Retry-After is honoured", time.monotonic() - begun >= 1.0)


def fetch(url, token=None):
    """A download as apps do it: the bytes and their media type."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read(), answer.headers["content-type"]


def png(width, height):
    """A picture of one color."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80\x40\x20" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def files(slack, web):
    channel = slack["channels"]["general"]
    large = bytes(range(256)) * 8192
    several = web.files_upload_v2(
        channel=channel,
        initial_comment="two & more",
        file_uploads=[
            {"content": "a note", "filename": "note.txt", "title": "A note"},
            {"content": large, "filename": "large.bin"},
        ],
    )
    found = [file["id"] for file in several["files"]]
    known = {file["id"]: file for file in control(slack, "files")["files"]}
    check("files_upload_v2", [known[i]["length"] for i in found] == [6, len(large)], known)
    check("hash", known[found[1]]["sha256"] == hashlib.sha256(large).hexdigest(), known)
    info = web.files_info(file=found[0])["file"]
    share = info["shares"]["public"][channel][0]
    message = control(slack, "message", channel=channel, ts=share["ts"])["message"]
    check("one message with both", [file["id"] for file in message["files"]] == found, message)
    check("initial_comment", message["text"] == "two &amp; more" and info["title"] == "A note", message)
    got, kind = fetch(info["url_private_download"], slack["bot_token"])
    check("download", got == b"a note" and kind == "text/plain", (got, kind))
    page, kind = fetch(info["url_private"])
    check("download without a token", kind.startswith("text/html") and b"Sign in" in page, kind)
    described = web.files_upload_v2(channel=channel, file=png(640, 320), filename="a.png", alt_txt="Two colors")
    described = web.files_info(file=described["files"][0]["id"])["file"]
    small = [described.get(key) for key in ("thumb_360_w", "thumb_360_h", "thumb_480_w", "thumb_480_h")]
    check("small pictures", small == [360, 180, 480, 240] and described["alt_txt"] == "Two colors", described)
    got, kind = fetch(described["thumb_360"], slack["bot_token"])
    check("a small picture", struct.unpack(">II", got[16:24]) == (360, 180) and kind == "image/png", got[:24])
    page, kind = fetch(described["thumb_360"])
    check("a small picture without a token", kind.startswith("text/html"), kind)
    control(slack, "hold_shares")
    late = web.files_upload_v2(channel=channel, content="late", filename="late.txt")["files"][0]["id"]
    check("a file before it is shown", not web.files_info(file=late)["file"]["shares"], late)
    control(slack, "release_shares")
    check("a file that is shown late", channel in web.files_info(file=late)["file"]["shares"]["public"], late)
    in_thread = web.files_upload_v2(channel=channel, thread_ts=share["ts"], content="x", filename="x.txt")
    thread = web.conversations_replies(channel=channel, ts=share["ts"])["messages"]
    check("upload into a thread", thread[1]["files"][0]["id"] == in_thread["files"][0]["id"], thread)
    web.files_delete(file=found[0])
    refused("file_deleted", "file_deleted", lambda: web.files_info(file=found[0]))
    shared = control(slack, "upload", user="alice", channel=channel, name="hers.txt", content="hers", text="look")
    refused("cant_delete_file", "cant_delete_file", lambda: web.files_delete(file=shared["files"][0]))
    refused(
        "missing_argument",
        "missing_argument",
        lambda: web.files_getUploadURLExternal(filename="x", length=0),
    )


def places(slack, web):
    control(slack, "scopes", scopes=",".join([
        *web.auth_test().headers["x-oauth-scopes"].split(","), "channels:manage", "channels:join",
    ]))
    made = web.conversations_create(name="judged")["channel"]["id"]
    web.conversations_invite(channel=made, users=[slack["users"]["bob"]])
    web.conversations_setTopic(channel=made, topic="a topic")
    web.conversations_setPurpose(channel=made, purpose="a purpose")
    web.conversations_rename(channel=made, name="renamed")
    info = web.conversations_info(channel=made)["channel"]
    check("rename and topic", info["name"] == "renamed" and info["topic"]["value"] == "a topic", info)
    members = web.conversations_members(channel=made)["members"]
    check("members", sorted(members) == sorted([slack["users"]["bob"], slack["bot_user_id"]]), members)
    web.conversations_kick(channel=made, user=slack["users"]["bob"])
    refused("not_in_channel", "not_in_channel", lambda: web.conversations_kick(channel=made, user=slack["users"]["bob"]))
    web.conversations_archive(channel=made)
    refused("is_archived", "is_archived", lambda: web.chat_postMessage(channel=made, text="x"))
    web.conversations_unarchive(channel=made)
    web.conversations_leave(channel=made)
    check("join", web.conversations_join(channel=made)["channel"]["is_member"])
    control(slack, "add_bookmark", channel=made, name="a link", link="https://a.example/")
    check("bookmarks.list", web.bookmarks_list(channel_id=made)["bookmarks"][0]["title"] == "a link")
    refused("bookmarks of nowhere", "channel_not_found", lambda: web.bookmarks_list(channel_id="C0NOWHERE"))
    control(slack, "restrict", channel=made, posting={"type": ["admin"]})
    limits = web.conversations_info(channel=made)["channel"]["properties"]
    check("posting_restricted_to", limits["posting_restricted_to"]["type"] == ["admin"], limits)
    refused("thread only", "restricted_action_thread_only_channel", lambda: web.chat_postMessage(channel=made, text="x"))
    control(slack, "restrict", channel=made, posting={"type": ["admin"]}, threading={"type": ["admin"]})
    refused("read only", "restricted_action_read_only_channel", lambda: web.chat_postMessage(channel=made, text="x"))
    named = {"type": ["admin"], "user": [slack["bot_user_id"]]}
    control(slack, "restrict", channel=made, posting=named, threading={"type": ["admin"]})
    check("named in a restriction", web.chat_postMessage(channel=made, text="x")["ok"])
    control(slack, "restrict", channel=made)
    web.conversations_setPurpose(channel=made, purpose="another purpose")
    purpose = web.conversations_info(channel=made)["channel"]["purpose"]["value"]
    check("purpose", purpose == "another purpose", purpose)
    control(slack, "add_usergroup", group={"id": "S0CREW0001", "handle": "crew", "users": [slack["users"]["bob"]]})
    groups = web.usergroups_list(include_users=True)["usergroups"]
    check("usergroups.list", groups[0]["users"] == [slack["users"]["bob"]], groups)
    ts = control(slack, "post", user="bob", channel=slack["channels"]["general"], text="link me")["ts"]
    link = web.chat_getPermalink(channel=slack["channels"]["general"], message_ts=ts)["permalink"]
    check("chat.getPermalink", link.endswith("/p" + ts.replace(".", "")), link)


def people(slack, web):
    channel = slack["channels"]["random"]
    crowd = control(slack, "add_crowd", channel=channel, count=1500)["users"]
    members = [m for page in web.conversations_members(channel=channel, limit=999) for m in page["members"]]
    check("a large channel's members", set(crowd) <= set(members) and len(members) == len(set(members)), len(members))
    listed = {u["id"]: u for page in web.users_list(limit=500) for u in page["members"]}
    check("users.list has the crowd", listed[crowd[1234]]["real_name"] == "Crowd 1234", len(listed))
    change = {"title": "R & D", "status_text": "lunch", "status_emoji": ":bento:", "status_expiration": 1900000000}
    control(slack, "change_user", user=crowd[0], change=change)
    profile = web.users_info(user=crowd[0])["user"]["profile"]
    check("title and status", profile["title"] == "R &amp; D" and profile["status_expiration"] == 1900000000, profile)
    control(slack, "change_user", user=crowd[0], change={"deleted": True})
    gone = web.users_info(user=crowd[0])["user"]
    members = [m for page in web.conversations_members(channel=channel, limit=999) for m in page["members"]]
    check("deactivated", gone["deleted"] and "tz" not in gone and crowd[0] not in members, gone)
    stranger = control(slack, "add_stranger", name="eve", real_name="Eve E.", channel=channel)["user"]
    info = web.users_info(user=stranger)["user"]
    check("stranger", info["is_stranger"] and info["team_id"] == "T0OTHER0001" and "tz" not in info, info)
    check("stranger's workspace", web.team_info(team="T0OTHER0001")["team"]["name"] == "Other Workspace")
    refused("team_not_found", "team_not_found", lambda: web.team_info(team="T0NOWHERE"))
    hidden = control(slack, "add_stranger", name="mal", channel=channel, hidden=True)["user"]
    refused("user_not_visible", "user_not_visible", lambda: web.users_info(user=hidden))
    ts = control(slack, "post", user="eve", channel=channel, text="hello from outside")["ts"]
    message = web.conversations_history(channel=channel, oldest=ts, latest=ts, inclusive=True)["messages"][0]
    check("a stranger's message", message["user_profile"]["real_name"] == "Eve E.", message)


def socket_mode(slack, web):
    channel = slack["channels"]["random"]
    app = App(client=web, ignoring_self_events_enabled=False)
    events = queue.Queue()
    app.event("message")(lambda event, body: events.put((event, body)))
    kinds = (
        "reaction_added", "reaction_removed", "member_left_channel", "member_joined_channel", "user_change",
        "channel_created", "channel_rename", "channel_archive", "channel_id_changed", "pin_added", "pin_removed",
        "emoji_changed", "team_join", "file_shared", "file_deleted",
    )
    for kind in kinds:
        app.event(kind)(lambda event, body: events.put((event, body)))

    @app.command("/matrix")
    def matrix(ack, respond, command):
        ack("seen")
        respond(f"you said {command['text']}")
        respond("and so did all", response_type="in_channel")

    def heard(name, wanted):
        """The next event that fits; others before it are skipped."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                event, body = events.get(timeout=0.2)
            except queue.Empty:
                continue
            if wanted(event):
                check(name, True)
                return event, body
        check(name, False, "not within the time")

    def acknowledged(body):
        """What became of one event, once it is acknowledged."""
        # Events from before the socket was open still wait for their retry, so only this one is looked at.
        def settled():
            for found in control(slack, "acks")["deliveries"]:
                if found["event_id"] == body["event_id"] and found["state"] == "acknowledged":
                    return found
            return None

        return until("acknowledged", settled)

    handler = SocketModeHandler(app, slack["app_token"], web_client=WebClient(base_url=slack["api_url"]))
    handler.connect()
    check("socket opens", control(slack, "wait", sockets=1)["found"])

    ts = control(slack, "post", user="alice", channel=channel, text="hi *there* <@U0BOB00001>")["ts"]
    event, body = heard("message event", lambda event: event.get("ts") == ts)
    check("human message", "client_msg_id" in event and event["blocks"][0]["type"] == "rich_text", event)
    check("wrapper", body["team_id"] == slack["team_id"] and body["api_app_id"] == slack["app_id"], body)
    check("authorizations", body["authorizations"][0]["user_id"] == slack["bot_user_id"], body)
    delivery = acknowledged(body)
    check("one attempt", len(delivery["attempts"]) == 1, delivery)

    own = web.chat_postMessage(channel=channel, text="own")
    event, _ = heard("own message comes back", lambda event: event.get("ts") == own["ts"])
    check("own message is marked", event["bot_id"] == slack["bot_id"] and event["app_id"] == slack["app_id"], event)
    control(slack, "edit", channel=channel, ts=ts, text="new words")
    event, _ = heard("message_changed", lambda event: event.get("subtype") == "message_changed")
    check("edited text", event["message"]["text"] == "new words" and event["message"]["ts"] == ts, event)
    control(slack, "react", user="bob", channel=channel, ts=ts, name="eyes")
    event, _ = heard("reaction_added", lambda event: event["type"] == "reaction_added")
    check("reaction", event["item"]["ts"] == ts and event["reaction"] == "eyes", event)
    control(slack, "delete", channel=channel, ts=ts)
    event, _ = heard("message_deleted", lambda event: event.get("subtype") == "message_deleted")
    check("deleted ts", event["deleted_ts"] == ts, event)
    control(slack, "change_user", user="carol", change={"display_name": "caz"})
    event, _ = heard("user_change", lambda event: event["type"] == "user_change")
    check("new name", event["user"]["profile"]["display_name"] == "caz", event)

    conversations(slack, channel, heard)

    before = {found["socket_id"] for found in control(slack, "sockets")["sockets"]}
    control(slack, "disconnect", reason="refresh_requested")
    until(
        "new socket after refresh_requested",
        lambda: {found["socket_id"] for found in control(slack, "sockets")["sockets"]} - before,
        60,
    )
    until("old socket gone", lambda: not before & {s["socket_id"] for s in control(slack, "sockets")["sockets"]}, 60)
    ts = control(slack, "post", user="alice", channel=channel, text="after the refresh")["ts"]
    _, body = heard("message on the new socket", lambda event: event.get("ts") == ts)
    acknowledged(body)
    handler.close()


def conversations(slack, channel, heard):
    """What people do beside writing, as it comes over the socket."""
    ts = control(slack, "post", user="alice", channel=channel, text="root")["ts"]
    reply = control(slack, "post", user="bob", channel=channel, text="re", thread_ts=ts)["ts"]
    event, _ = heard("reply", lambda event: event.get("ts") == reply)
    check("thread_ts", event["thread_ts"] == ts and event["parent_user_id"] == slack["users"]["alice"], event)
    both = control(slack, "broadcast", user="bob", channel=channel, text="all", thread_ts=ts)["ts"]
    event, _ = heard("thread_broadcast", lambda event: event.get("ts") == both)
    check("root", event["subtype"] == "thread_broadcast" and event["root"]["ts"] == ts, event)
    control(slack, "pin", user="bob", channel=channel, ts=ts)
    event, _ = heard("pin_added", lambda event: event["type"] == "pin_added")
    check("pinned message", event["item"]["message"]["ts"] == ts and event["channel_id"] == channel, event)
    control(slack, "unpin", user="bob", channel=channel, ts=ts)
    heard("pin_removed", lambda event: event["type"] == "pin_removed")
    control(slack, "subscribe", events="file_shared")
    shared = control(slack, "upload", user="alice", channel=channel, name="a.txt", content="abc", text="look")
    event, _ = heard("file_shared", lambda event: event["type"] == "file_shared")
    check("file id", event["file_id"] == shared["files"][0] and event["channel_id"] == channel, event)
    event, _ = heard("file_share", lambda event: event.get("subtype") == "file_share")
    got, _ = fetch(event["files"][0]["url_private"], slack["bot_token"])
    check("shared file", event["ts"] == shared["ts"] and got == b"abc", event)
    control(slack, "delete_file", file=shared["files"][0])
    event, _ = heard("file_deleted", lambda event: event["type"] == "file_deleted")
    check("deleted file", event["file_id"] == shared["files"][0], event)
    control(slack, "add_emoji", name="blob", url="https://a.example/blob.png")
    heard("emoji_changed", lambda event: event["type"] == "emoji_changed" and event["name"] == "blob")
    asked = control(slack, "slash", user="carol", channel=channel, command="/matrix", text="who")["id"]
    answers = until("slash command", lambda: (
        lambda found: found if len(found) == 3 else None
    )(control(slack, "slash_answers", id=asked)["answers"]))
    # Bolt may post an answer before its acknowledgement is out.
    said = {answer["text"]: (answer["via"], answer["in_channel"]) for answer in answers}
    check("acknowledgement with an answer", said["seen"] == ("acknowledgement", False), answers)
    check("respond()", said["you said who"] == ("response_url", False), answers)
    check("respond() for all", said["and so did all"] == ("response_url", True), answers)
    public = next(answer["ts"] for answer in answers if answer["in_channel"])
    event, _ = heard("answer in the channel", lambda event: event.get("ts") == public)
    check("answer of the bot", event["bot_id"] == slack["bot_id"], event)


def main():
    slack = load()
    web = WebClient(token=slack["bot_token"], base_url=slack["api_url"])
    web_api(slack, web)
    files(slack, web)
    socket_mode(slack, web)
    places(slack, web)
    people(slack, web)
    print(f"{passed} passed, 0 failed", flush=True)
    os._exit(0)


main()
