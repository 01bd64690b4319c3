-- Accounts that are not in our namespace: where they are, how they are called here, their sealed token, and how far what came
-- for them was taken. All is empty for accounts of ours.
ALTER TABLE bot_account ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE bot_account ADD COLUMN homeserver TEXT NOT NULL DEFAULT '';
ALTER TABLE bot_account ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE bot_account ADD COLUMN since TEXT NOT NULL DEFAULT '';
