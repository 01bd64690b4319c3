-- Of a dead letter: why it was given up in one word, the event in which a person was told, since when it is to be tried
-- again, and as which job it is being tried. From here on `attempts` counts every try.
ALTER TABLE dead_letter ADD COLUMN class TEXT NOT NULL DEFAULT 'parked';
ALTER TABLE dead_letter ADD COLUMN notice TEXT;
ALTER TABLE dead_letter ADD COLUMN wanted_at BIGINT;
ALTER TABLE dead_letter ADD COLUMN retry_id BIGINT;
UPDATE dead_letter SET attempts = attempts + 1;
CREATE INDEX dead_letter_by_wanted ON dead_letter (wanted_at);
CREATE INDEX dead_letter_by_retry ON dead_letter (retry_id);
