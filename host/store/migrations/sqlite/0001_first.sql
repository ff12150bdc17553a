-- Why: the first schema of hinny.
--
-- What the layout goes by:
-- * A commit writes whole pages to the log, so its price is the number of pages it touches. What
--   grows with the history is therefore appended (ids sort by time, `task_event` is a chain), and
--   trees in the order of a hash hold only what is alive. An index on the hash of all tasks would
--   cost ten times as much per push as all the rest.
-- * `task` is written once. What changes is in the narrow `task_state`.
-- * Ids are blobs of 16 bytes, moments are microseconds since 1970, statuses are the codes of core.
-- * No foreign keys: every reference is written in the same transaction as what it points to, and a
--   look-up per row would be paid on every push.

-- Tasks, as they were pushed.
CREATE TABLE task (
    id            BLOB    NOT NULL UNIQUE,
    scheduler     TEXT    NOT NULL,
    organisation  TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    hash          TEXT    NOT NULL,
    -- The schedule may be gone: readers look whether it exists, so that removing a schedule need
    -- not visit its tasks.
    schedule      BLOB,
    base_priority INTEGER,
    created_at    INTEGER NOT NULL,
    -- Last, since a long document goes on in pages of its own.
    data          TEXT    NOT NULL
) STRICT;

-- For lists, newest first. It holds what lists are narrowed by, so that passing over the tasks of
-- others reads nothing but this.
CREATE INDEX task_created ON task (created_at, id, scheduler, organisation, kind, hash);

-- Where each task is in its life.
CREATE TABLE task_state (
    task        BLOB    NOT NULL PRIMARY KEY,
    status      INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    priority    INTEGER NOT NULL,
    ranked_by   INTEGER NOT NULL,
    dead        INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    finished_at INTEGER,
    not_before  INTEGER,
    lease_until INTEGER,
    -- The last step in its life: `task_event.seq`.
    event       INTEGER NOT NULL,
    worker      TEXT,
    reason      TEXT
) STRICT, WITHOUT ROWID;

-- Partial indexes hold only the few that are looked for; a task enters each at most once per turn.
CREATE INDEX task_queued ON task_state (task) WHERE status = 1;
CREATE INDEX task_held ON task_state (task) WHERE status IN (0, 2, 3);
CREATE INDEX task_unsuccessful ON task_state (status, task) WHERE status IN (5, 6);
CREATE INDEX task_dead ON task_state (task) WHERE dead = 1;
CREATE INDEX task_lease ON task_state (lease_until) WHERE lease_until IS NOT NULL;

-- The tasks of each hash that have not ended, one of them queued at most. Whether one is, its state
-- says: so a pop, which changes nothing but that, need not visit this tree in the order of a hash.
CREATE TABLE task_open (
    scheduler TEXT NOT NULL,
    hash      TEXT NOT NULL,
    task      BLOB NOT NULL,
    PRIMARY KEY (scheduler, hash, task)
) STRICT, WITHOUT ROWID;

-- What is known of each hash from its ended tasks.
CREATE TABLE hash_history (
    scheduler         TEXT    NOT NULL,
    hash              TEXT    NOT NULL,
    -- The one that ended last.
    finished_at       INTEGER NOT NULL,
    status            INTEGER NOT NULL,
    duration_ms       INTEGER NOT NULL,
    -- The one that was pushed last.
    newest            BLOB    NOT NULL,
    newest_created_at INTEGER NOT NULL,
    PRIMARY KEY (scheduler, hash)
) STRICT, WITHOUT ROWID;

-- The steps of all tasks, appended. Each points to the one before it of the same task, and the
-- task to its last, so that no index by task is needed.
CREATE TABLE task_event (
    seq      INTEGER PRIMARY KEY,
    previous INTEGER,
    task     BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    worker   TEXT,
    reason   TEXT
) STRICT;

-- How many tasks there are, by the hour in which they were modified.
CREATE TABLE task_count (
    scheduler    TEXT    NOT NULL,
    organisation TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    status       INTEGER NOT NULL,
    hour         INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (scheduler, organisation, kind, status, hour)
) STRICT, WITHOUT ROWID;

-- Ended tasks whose scheduler wants to know and has not been told.
CREATE TABLE task_untold (
    scheduler   TEXT    NOT NULL,
    -- The id of the message that tells it.
    event       BLOB    NOT NULL,
    task        BLOB    NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (scheduler, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_untold_finished ON task_untold (scheduler, finished_at);

CREATE TABLE schedule (
    id           BLOB    NOT NULL UNIQUE,
    scheduler    TEXT    NOT NULL,
    organisation TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    enabled      INTEGER NOT NULL,
    cron         TEXT,
    time_zone    TEXT    NOT NULL,
    deadline_at  INTEGER,
    missed       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    modified_at  INTEGER NOT NULL,
    data         TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX schedule_hash ON schedule (scheduler, hash);
CREATE INDEX schedule_created ON schedule (created_at, id);
CREATE INDEX schedule_due ON schedule (scheduler, deadline_at)
    WHERE enabled = 1 AND deadline_at IS NOT NULL;

-- Messages that wait for another try, or for a person.
CREATE TABLE event_kept (
    scheduler    TEXT    NOT NULL,
    event        BLOB    NOT NULL,
    source       TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    delivery     INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    retry_at     INTEGER,
    reason       TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    attributes   TEXT    NOT NULL,
    body         BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_kept_event ON event_kept (scheduler, event);
CREATE INDEX event_kept_at ON event_kept (at, event);
CREATE INDEX event_kept_retry ON event_kept (retry_at) WHERE state = 'waiting';

-- Messages that were handled, so that a repeated delivery is known.
CREATE TABLE event_seen (
    scheduler TEXT    NOT NULL,
    event     BLOB    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (scheduler, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_seen_at ON event_seen (at);

CREATE TABLE plugin_version (
    digest      BLOB    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    world       TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    uploaded_at INTEGER NOT NULL,
    uploaded_by TEXT    NOT NULL,
    verdict     TEXT    NOT NULL
) STRICT;

-- Apart from the versions, so that listing those does not read megabytes.
CREATE TABLE plugin_component (
    digest    BLOB NOT NULL UNIQUE,
    component BLOB NOT NULL
) STRICT;

CREATE TABLE plugin_activation (
    scheduler  TEXT    NOT NULL,
    world      TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    digest     BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    by         TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    settings   TEXT    NOT NULL,
    PRIMARY KEY (scheduler, world, generation)
) STRICT, WITHOUT ROWID;

-- Small values of plugins. A deleted one stays as a row without a value, so that its revision is
-- never used again.
CREATE TABLE plugin_state (
    scheduler TEXT    NOT NULL,
    world     TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    value     BLOB,
    PRIMARY KEY (scheduler, world, key)
) STRICT, WITHOUT ROWID;
