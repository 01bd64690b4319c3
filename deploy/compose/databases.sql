-- A database for each of the two programs and for Synapse, which wants the order of bytes.
CREATE DATABASE bridge_slack;
CREATE DATABASE synapse ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
-- The last one: that it is there means that all are.
CREATE DATABASE bridge_bots;
