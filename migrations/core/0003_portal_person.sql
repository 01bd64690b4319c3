-- The people whom a direct chat or group is called after, so that its room follows their names and pictures.
CREATE TABLE portal_person (
    user_id  TEXT NOT NULL,
    chat_id  TEXT NOT NULL,
    receiver TEXT NOT NULL,
    PRIMARY KEY (user_id, chat_id, receiver)
);
CREATE INDEX portal_person_by_chat ON portal_person (chat_id, receiver);
