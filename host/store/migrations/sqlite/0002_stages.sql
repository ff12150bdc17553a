-- Why: versions that are tried on a part of the tasks, and what the host ended by itself.

ALTER TABLE plugin_activation ADD COLUMN stage TEXT NOT NULL DEFAULT 'active';
-- The generation that the host ended with this one by itself.
ALTER TABLE plugin_activation ADD COLUMN ended INTEGER;
-- Whether a person insisted on it.
ALTER TABLE plugin_activation ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
