-- Why: who vouches for a plugin, and what was not let in.

CREATE TABLE plugin_signature (
    digest    bytea  NOT NULL,
    -- SHA-256 of the public key.
    key       bytea  NOT NULL,
    signature bytea  NOT NULL,
    at        bigint NOT NULL,
    by        text   COLLATE "C" NOT NULL,
    PRIMARY KEY (digest, key)
);

-- Only the newest are kept.
CREATE TABLE plugin_refusal (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        bigint NOT NULL,
    by        text   COLLATE "C" NOT NULL,
    -- Both or none.
    scheduler text   COLLATE "C",
    world     text   COLLATE "C",
    plugin    text   COLLATE "C" NOT NULL,
    wanted    text   COLLATE "C" NOT NULL,
    reason    text   COLLATE "C" NOT NULL
);
