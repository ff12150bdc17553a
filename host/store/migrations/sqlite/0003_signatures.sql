-- Why: who vouches for a plugin, and what was not let in.

CREATE TABLE plugin_signature (
    digest    BLOB    NOT NULL,
    -- SHA-256 of the public key.
    key       BLOB    NOT NULL,
    signature BLOB    NOT NULL,
    at        INTEGER NOT NULL,
    by        TEXT    NOT NULL,
    PRIMARY KEY (digest, key)
) STRICT, WITHOUT ROWID;

-- Only the newest are kept.
CREATE TABLE plugin_refusal (
    number    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    by        TEXT    NOT NULL,
    -- Both or none.
    scheduler TEXT,
    world     TEXT,
    plugin    TEXT    NOT NULL,
    wanted    TEXT    NOT NULL,
    reason    TEXT    NOT NULL
) STRICT;
