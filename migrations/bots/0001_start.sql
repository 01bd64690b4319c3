-- A bot's Matrix user. `declared` says that the config file names it.
CREATE TABLE bot_account (
    user_id     TEXT    NOT NULL PRIMARY KEY,
    displayname TEXT    NOT NULL,
    avatar_url  TEXT    NOT NULL,
    autojoin    BOOLEAN NOT NULL,
    declared    BOOLEAN NOT NULL
);

-- The rooms that bots are in.
CREATE TABLE bot_member (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX bot_member_by_user ON bot_member (user_id);

-- A plugin at work for an account. `config` is text as it was written.
CREATE TABLE bot_instance (
    instance_id TEXT    NOT NULL PRIMARY KEY,
    plugin      TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    enabled     BOOLEAN NOT NULL,
    config      TEXT    NOT NULL,
    declared    BOOLEAN NOT NULL
);

-- What a plugin keeps, per instance.
CREATE TABLE bot_kv (
    instance_id TEXT NOT NULL,
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (instance_id, name)
);

-- What an instance is to be told later. `fired` says that it stands in the queue.
CREATE TABLE bot_timer (
    instance_id TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    room_id     TEXT    NOT NULL,
    due_at      BIGINT  NOT NULL,
    payload     TEXT    NOT NULL,
    fired       BOOLEAN NOT NULL,
    PRIMARY KEY (instance_id, name)
);
CREATE INDEX bot_timer_by_time ON bot_timer (due_at);

-- What came for an instance while it was stopped. The order is that of acceptance.
CREATE TABLE bot_kept (
    instance_id TEXT   NOT NULL,
    dedup       TEXT   NOT NULL,
    room_id     TEXT   NOT NULL,
    order_id    BIGINT NOT NULL,
    payload     TEXT   NOT NULL,
    PRIMARY KEY (instance_id, dedup)
);
CREATE INDEX bot_kept_by_order ON bot_kept (instance_id, order_id);
