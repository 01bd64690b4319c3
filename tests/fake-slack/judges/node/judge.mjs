// Slack's own Node clients against the fake workspace.
//
// Takes the JSON line that `fake-slack` prints when it is ready: a file as the first argument, or the line itself
// (or a file with it) in FAKE_SLACK. Prints one line per check and `N passed, 0 failed`; stops at the first
// difference. The clients are looked up in NODE_MODULES_HOME if that is set, else beside this file.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const home = process.env.NODE_MODULES_HOME;
const require = createRequire(home ? resolve(home, "package.json") : import.meta.url);
const { WebClient, LogLevel } = require("@slack/web-api");
const { SocketModeClient } = require("@slack/socket-mode");

let passed = 0;

function check(name, fine, seen) {
  if (fine) {
    passed += 1;
    console.log(`ok ${name}`);
    return;
  }
  console.log(`FAILED ${name}: ${JSON.stringify(seen)}`);
  console.log(`${passed} passed, 1 failed`);
  process.exit(1);
}

async function refused(name, error, call) {
  let answer;
  try {
    answer = await call();
  } catch (problem) {
    check(name, problem.data?.error === error, problem.data ?? String(problem));
    return;
  }
  check(name, false, answer);
}

function load() {
  let given = process.argv[2] ?? process.env.FAKE_SLACK;
  if (!given.trimStart().startsWith("{")) given = readFileSync(given, "utf8").split("\n")[0];
  return JSON.parse(given);
}

const slack = load();

async function control(verb, args = {}) {
  const answer = await fetch(slack.control_url + verb, { method: "POST", body: JSON.stringify(args) });
  return answer.json();
}

/** Polls a condition with a deadline. */
async function until(name, found, limit = 15000) {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    const value = await found();
    if (value) {
      check(name, true);
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  check(name, false, "not within the time");
}

const options = { slackApiUrl: slack.api_url, logLevel: LogLevel.ERROR };

async function webApi(web) {
  const channel = slack.channels.general;
  const who = await web.auth.test();
  check("auth.test", who.user_id === slack.bot_user_id && who.bot_id === slack.bot_id, who);
  check("x-oauth-scopes", who.response_metadata.scopes.includes("chat:write"), who.response_metadata);
  const nobody = new WebClient("xoxb-not-one", options);
  await refused("invalid_auth", "invalid_auth", () => nobody.auth.test());

  const ids = [];
  for await (const page of web.paginate("conversations.list", { types: "public_channel,private_channel", limit: 1 })) {
    check("conversations.list page", page.channels.length === 1, page);
    ids.push(...page.channels.map((found) => found.id));
  }
  const all = Object.values(slack.channels);
  check("conversations.list pagination", all.every((id) => ids.includes(id)) && ids.length === all.length, ids);
  const alice = slack.users.alice;
  const info = await web.users.info({ user: alice });
  check("users.info", info.user.name === "alice", info);

  const metadata = { event_type: "marker", event_payload: { n: 1, deep: { x: [true] } } };
  const posted = await web.chat.postMessage({ channel, text: "a & b", metadata });
  check("chat.postMessage", posted.message.text === "a &amp; b" && posted.message.bot_id === slack.bot_id, posted);
  const ts = posted.ts;
  const reply = await web.chat.postMessage({ channel, thread_ts: ts, text: "reply", reply_broadcast: true });
  check("thread_broadcast", reply.message.subtype === "thread_broadcast" && reply.message.thread_ts === ts, reply);
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: "*bold*" } }];
  const withBlocks = await web.chat.postMessage({ channel, text: "fallback", blocks });
  check("blocks in a form field", withBlocks.message.blocks[0].text.text === "*bold*", withBlocks);

  const exact = await web.conversations.history({
    channel, oldest: ts, latest: ts, inclusive: true, include_all_metadata: true,
  });
  const found = exact.messages;
  check("history of one ts", found.length === 1 && found[0].reply_count === 1, found);
  check("metadata", found[0].metadata.event_payload.deep.x[0] === true, found);
  const thread = await web.conversations.replies({ channel, ts });
  check("replies", thread.messages.map((m) => m.ts).join() === [ts, reply.ts].join(), thread);
  const updated = await web.chat.update({ channel, ts, text: "changed" });
  check("chat.update", updated.text === "changed" && updated.message.edited, updated);
  await web.chat.update({ channel, ts: reply.ts, text: "also in the channel", reply_broadcast: true });
  const loud = (await control("message", { channel, ts: reply.ts })).message;
  check("chat.update with reply_broadcast", loud.subtype === "thread_broadcast" && loud.root.ts === ts, loud);
  await web.chat.delete({ channel, ts: reply.ts });
  const gone = await control("message", { channel, ts: reply.ts });
  check("chat.delete", gone.message === null, gone);
  await refused("message_not_found", "message_not_found", () => web.chat.delete({ channel, ts: reply.ts }));

  await web.reactions.add({ channel, timestamp: ts, name: "tada" });
  await refused("already_reacted", "already_reacted", () => web.reactions.add({ channel, timestamp: ts, name: "tada" }));
  const reactions = (await web.reactions.get({ channel, timestamp: ts })).message.reactions;
  check("reactions.get", reactions[0].name === "tada" && reactions[0].count === 1, reactions);
  await web.reactions.remove({ channel, timestamp: ts, name: "tada" });
  await refused("no_reaction", "no_reaction", () => web.reactions.remove({ channel, timestamp: ts, name: "tada" }));
  await refused("channel_not_found", "channel_not_found", () => web.chat.postMessage({ channel: "C0NOWHERE", text: "x" }));
  await refused("missing_scope", "missing_scope", () => web.users.lookupByEmail({ email: "alice@fake.example" }));

  const impatient = new WebClient(slack.bot_token, { ...options, rejectRateLimitedCalls: true });
  await control("rate_limit", { method: "users.info", retry_after: 2, times: 1 });
  try {
    await impatient.users.info({ user: alice });
    check("429 and Retry-After", false, "no error");
  } catch (problem) {
    check("429 and Retry-After", problem.retryAfter === 2, String(problem));
  }
  await control("rate_limit", { method: "users.info", retry_after: 1, times: 1 });
  const begun = Date.now();
  await web.users.info({ user: alice });
  check("Retry-After is honoured", Date.now() - begun >= 1000, Date.now() - begun);
  await control("fail", { method: "users.info", status: 503, times: 1 });
  check("a 503 is tried again", (await web.users.info({ user: alice })).ok);
}

async function files(web) {
  const channel = slack.channels.general;
  const large = Buffer.alloc(300_000, 7);
  const uploaded = await web.filesUploadV2({
    channel_id: channel,
    initial_comment: "two",
    file_uploads: [
      { file: Buffer.from("a note"), filename: "note.txt", title: "A note" },
      { file: large, filename: "large.bin" },
    ],
  });
  const ids = uploaded.files.flatMap((answer) => answer.files).map((file) => file.id);
  const known = (await control("files")).files.filter((file) => ids.includes(file.id));
  check("filesUploadV2", known.map((file) => file.length).sort().join() === "300000,6", known);
  const { file } = await web.files.info({ file: ids[0] });
  const { ts } = file.shares.public[channel][0];
  const { message } = await control("message", { channel, ts });
  check("one message with both", message.files.length === 2 && message.text === "two", message);
  const headers = { Authorization: `Bearer ${slack.bot_token}` };
  const got = await (await fetch(file.url_private, { headers })).text();
  check("download", got === (file.size === 6 ? "a note" : large.toString()), file);
  const page = await fetch(file.url_private);
  check("download without a token", page.headers.get("content-type").startsWith("text/html"), page.status);
  await web.files.delete({ file: ids[0] });
  await refused("file_deleted", "file_deleted", () => web.files.info({ file: ids[0] }));

  await web.pins.add({ channel, timestamp: ts });
  check("pins.list", (await web.pins.list({ channel })).items[0].message.ts === ts);
  await refused("already_pinned", "already_pinned", () => web.pins.add({ channel, timestamp: ts }));
  await web.pins.remove({ channel, timestamp: ts });
  await refused("no_pin", "no_pin", () => web.pins.remove({ channel, timestamp: ts }));
  const { alice } = slack.users;
  await refused("already_in_channel", "already_in_channel", () => web.conversations.invite({ channel, users: alice }));
  await refused("kick needs more", "missing_scope", () => web.conversations.kick({ channel, user: alice }));
  check("emoji.list", (await web.emoji.list()).emoji.partyparrot === "alias:party_parrot");
  const { permalink } = await web.chat.getPermalink({ channel, message_ts: ts });
  check("chat.getPermalink", permalink.endsWith(ts.replace(".", "")), permalink);
  await web.conversations.setTopic({ channel, topic: "a topic" });
  check("setTopic", (await web.conversations.info({ channel })).channel.topic.value === "a topic");
  const { members } = await web.conversations.members({ channel });
  check("conversations.members", members.includes(slack.users.alice), members);
  const direct = await web.conversations.open({ users: slack.users.alice });
  check("conversations.open", direct.channel.id === (await control("dm", { user: "alice" })).channel, direct);
  check("bookmarks.list", (await web.bookmarks.list({ channel_id: channel })).bookmarks.length === 0);
  await control("restrict", { channel, posting: { type: ["admin"] }, threading: { type: ["admin"] } });
  const limits = (await web.conversations.info({ channel })).channel.properties;
  check("threads_restricted_to", limits.threads_restricted_to.type[0] === "admin", limits);
  await refused("read only", "restricted_action_read_only_channel", () => web.chat.postMessage({ channel, text: "x" }));
  await control("restrict", { channel });
}

async function socketMode(web) {
  const channel = slack.channels.random;
  const client = new SocketModeClient({
    appToken: slack.app_token, clientOptions: options, logLevel: LogLevel.ERROR,
  });
  const events = [];
  client.on("slack_event", async ({ ack, body, event, retry_num, retry_reason }) => {
    // Slash commands come here too, and are answered below.
    if (body.command) return;
    await ack();
    events.push({ body, event: event ?? body.event, retry_num, retry_reason });
  });
  const heard = (name, wanted, limit) => until(name, () => events.find((found) => wanted(found.event)), limit);
  // Events from before the socket was open still wait for their retry, so only one is looked at.
  const acknowledged = (body) => until("acknowledged", async () => {
    const fits = (found) => found.event_id === body.event_id && found.state === "acknowledged";
    return (await control("acks")).deliveries.find(fits);
  });
  await client.start();
  check("socket opens", (await control("wait", { sockets: 1 })).found);

  let { ts } = await control("post", { user: "alice", channel, text: "hi *there*" });
  const { body, event } = await heard("message event", (event) => event.ts === ts);
  check("human message", event.client_msg_id && event.blocks[0].type === "rich_text", event);
  check("wrapper", body.team_id === slack.team_id && body.api_app_id === slack.app_id, body);
  const delivery = await acknowledged(body);
  check("one attempt", delivery.attempts.length === 1, delivery);

  const own = await web.chat.postMessage({ channel, text: "own" });
  const echo = await heard("own message comes back", (event) => event.ts === own.ts);
  check("own message is marked", echo.event.bot_id === slack.bot_id, echo);
  await control("react", { user: "bob", channel, ts, name: "eyes" });
  await heard("reaction_added", (event) => event.type === "reaction_added" && event.item.ts === ts);

  const reply = (await control("post", { user: "bob", channel, text: "re", thread_ts: ts })).ts;
  const replied = await heard("reply", (event) => event.ts === reply);
  check("thread_ts", replied.event.thread_ts === ts, replied);
  await control("edit", { channel, ts: reply, text: "better" });
  await heard("message_changed", (event) => event.subtype === "message_changed" && event.message.text === "better");
  await control("delete", { channel, ts: reply });
  await heard("message_deleted", (event) => event.subtype === "message_deleted" && event.deleted_ts === reply);
  await control("unreact", { user: "bob", channel, ts, name: "eyes" });
  await heard("reaction_removed", (event) => event.type === "reaction_removed" && event.item.ts === ts);
  const shared = await control("upload", { user: "alice", channel, name: "a.txt", content: "abc" });
  await heard("file_share", (event) => event.subtype === "file_share" && event.files[0].id === shared.files[0]);
  client.on("slash_commands", async ({ ack, body }) => {
    await ack({ text: `you said ${body.text}` });
    const answer = { method: "POST", headers: { "content-type": "application/json" } };
    await fetch(body.response_url, { ...answer, body: JSON.stringify({ text: "later" }) });
  });
  const asked = await control("slash", { user: "carol", channel, text: "who" });
  const answers = await until("slash command", async () => {
    const found = (await control("slash_answers", { id: asked.id })).answers;
    return found.length === 2 && found;
  });
  // They go over two connections, so either may be the first.
  const texts = Object.fromEntries(answers.map((answer) => [answer.via, answer.text]));
  check("answers", texts.acknowledgement === "you said who" && texts.response_url === "later", answers);

  const ids = async () => (await control("sockets")).sockets.map((found) => found.socket_id);
  const before = await ids();
  await control("disconnect", { reason: "refresh_requested" });
  await until(
    "new socket after refresh_requested",
    async () => (await ids()).some((id) => !before.includes(id)) && !(await ids()).some((id) => before.includes(id)),
    60000,
  );
  ({ ts } = await control("post", { user: "alice", channel, text: "after the refresh" }));
  const after = await heard("message on the new socket", (event) => event.ts === ts, 60000);
  await acknowledged(after.body);
  await client.disconnect();
}

async function people(web) {
  const channel = slack.channels.random;
  const crowd = (await control("add_crowd", { channel, count: 1200 })).users;
  const members = [];
  for await (const page of web.paginate("conversations.members", { channel, limit: 999 })) members.push(...page.members);
  check("a large channel's members", crowd.every((id) => members.includes(id)), members.length);
  const listed = [];
  for await (const page of web.paginate("users.list", { limit: 500 })) listed.push(...page.members);
  check("users.list has the crowd", crowd.every((id) => listed.some((user) => user.id === id)), listed.length);
  const stranger = (await control("add_stranger", { name: "eve", real_name: "Eve E.", channel })).user;
  const { user } = await web.users.info({ user: stranger });
  check("stranger", user.is_stranger && user.team_id === "T0OTHER0001", user);
  const { team } = await web.team.info({ team: user.team_id });
  check("stranger's workspace", team.name === "Other Workspace", team);
  const hidden = (await control("add_stranger", { name: "mal", channel, hidden: true })).user;
  await refused("user_not_visible", "user_not_visible", () => web.users.info({ user: hidden }));
}

const web = new WebClient(slack.bot_token, options);
await webApi(web);
await files(web);
await socketMode(web);
await people(web);
console.log(`${passed} passed, 0 failed`);
process.exit(0);
