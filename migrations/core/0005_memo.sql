-- What a login's session has to know again after a crash, such as the id of a file that it is about to show.
CREATE TABLE memo (
    login_id TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    value    TEXT   NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (login_id, name)
);
CREATE INDEX memo_by_age ON memo (noted_at);
