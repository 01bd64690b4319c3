-- What the network last told of a person, the further fields of their profile as they stand on Matrix, and when the
-- status among them ends by itself.
ALTER TABLE ghost ADD COLUMN info JSONB;
ALTER TABLE ghost ADD COLUMN fields JSONB;
ALTER TABLE ghost ADD COLUMN status_until BIGINT;
CREATE INDEX ghost_by_status_end ON ghost (status_until) WHERE status_until IS NOT NULL;

-- Chats whose members are being brought into the room: begun, and not done to the end.
CREATE TABLE member_sync (
    chat_id  TEXT NOT NULL,
    receiver TEXT NOT NULL,
    login_id TEXT NOT NULL,
    PRIMARY KEY (chat_id, receiver)
);
