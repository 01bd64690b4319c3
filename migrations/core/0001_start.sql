-- What is accepted and not yet done. The id sorts by acceptance.
CREATE TABLE job (
    id          BIGINT NOT NULL PRIMARY KEY,
    lane        TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    login_id    TEXT   NOT NULL,
    dedup       TEXT   NOT NULL,
    payload     TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL
);
CREATE INDEX job_by_lane ON job (lane, id);

-- What was ever accepted, for as long as a second delivery is possible.
CREATE TABLE seen (
    source  TEXT   NOT NULL,
    dedup   TEXT   NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (source, dedup)
);
CREATE INDEX seen_by_age ON seen (seen_at);

-- What could not be done and waits for the operator.
CREATE TABLE dead_letter (
    id          BIGINT NOT NULL PRIMARY KEY,
    lane        TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    login_id    TEXT   NOT NULL,
    dedup       TEXT   NOT NULL,
    payload     TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL,
    cause       TEXT   NOT NULL,
    attempts    BIGINT NOT NULL,
    parked_at   BIGINT NOT NULL
);

-- A chat and its room. The receiver is empty for chats that all logins see alike.
CREATE TABLE portal (
    chat_id    TEXT   NOT NULL,
    receiver   TEXT   NOT NULL,
    room_id    TEXT   UNIQUE,
    login_id   TEXT   NOT NULL,
    info       JSONB  NOT NULL,
    avatar_mxc TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (chat_id, receiver)
);

-- A remote person's Matrix user, as far as it was set up.
CREATE TABLE ghost (
    user_id    TEXT   NOT NULL PRIMARY KEY,
    name       TEXT,
    avatar_url TEXT,
    avatar_mxc TEXT,
    fetched_at BIGINT NOT NULL
);

-- A saved connection; the credentials are sealed.
CREATE TABLE login (
    login_id    TEXT   NOT NULL PRIMARY KEY,
    owner       TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    own_user_id TEXT   NOT NULL,
    personal    BOOLEAN NOT NULL,
    credentials TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

-- A remote message and the Matrix event that shows it, one row per pair.
CREATE TABLE message (
    message_id TEXT   NOT NULL,
    part_id    TEXT   NOT NULL,
    event_id   TEXT   NOT NULL,
    chat_id    TEXT   NOT NULL,
    receiver   TEXT   NOT NULL,
    sender     TEXT   NOT NULL,
    sent_at    BIGINT NOT NULL,
    thread_id  TEXT   NOT NULL,
    PRIMARY KEY (message_id, part_id)
);
CREATE INDEX message_by_event ON message (event_id);

-- A reaction: whose it is (a full Matrix id, of a person or a ghost) and the Matrix event that shows it.
CREATE TABLE reaction (
    message_id TEXT   NOT NULL,
    sender     TEXT   NOT NULL,
    emoji      TEXT   NOT NULL,
    event_id   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    PRIMARY KEY (message_id, sender, emoji)
);
CREATE INDEX reaction_by_event ON reaction (event_id);

-- Small facts by name.
CREATE TABLE kv (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- A Matrix user's direct chat with the bot.
CREATE TABLE management_room (
    room_id TEXT NOT NULL PRIMARY KEY,
    mxid    TEXT NOT NULL
);
