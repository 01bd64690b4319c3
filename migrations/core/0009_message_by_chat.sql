-- The messages of a stretch of time of a chat, for what is compared after a gap.
CREATE INDEX message_by_chat ON message (chat_id, receiver, sent_at);
