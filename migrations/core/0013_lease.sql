-- Of several processes on one database, the one that works. The row `work` is renewed all the time; `fence` has the
-- generation that every writing transaction of that process looks at.
CREATE TABLE lease (
    name       TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- What the others accepted, until the one that works takes it. The id is the order among them.
CREATE TABLE handed_in (
    id          BIGINT NOT NULL PRIMARY KEY,
    lane        TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    login_id    TEXT   NOT NULL,
    dedup       TEXT   NOT NULL,
    payload     TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL
);
