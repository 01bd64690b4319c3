-- What an operator had done with a service, and how it ended; nothing of that while it goes on.
CREATE TABLE service_action (
    action_id  BIGINT NOT NULL PRIMARY KEY,
    service    TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    who        TEXT   NOT NULL,
    command    TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT,
    outcome    TEXT,
    exit_code  BIGINT,
    error      TEXT,
    tail       TEXT   NOT NULL
);
