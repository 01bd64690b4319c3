-- An operator who is signed in. The token itself is not kept.
CREATE TABLE bot_session (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    stamp      TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX bot_session_by_end ON bot_session (expires_at);
