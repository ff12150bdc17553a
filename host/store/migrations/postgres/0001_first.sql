-- Why: the first schema of hinny.
--
-- What the layout goes by:
-- * `task` is written once. What changes is in the narrow `task_state`, of which no changing column
--   has an index and every page has room left: so an update stays in its page and touches no index.
-- * What is looked for by status is in small tables of its own, which hold only that: queued tasks
--   in `task_live`, those handed out in `task_held`, those that failed in `task_unsuccessful`.
-- * Indexes grow at their right ends: ids sort by time, and so do moments. An index in the order of
--   a hash holds only what is alive.
-- * Moments are microseconds since 1970, statuses are the codes of core. Names compare by bytes.
-- * No foreign keys: every reference is written in the same transaction as what it points to, and a
--   look-up per row would be paid on every push.

-- Tasks, as they were pushed.
CREATE TABLE task (
    id            uuid   NOT NULL PRIMARY KEY,
    scheduler     text   COLLATE "C" NOT NULL,
    organisation  text   COLLATE "C" NOT NULL,
    kind          text   COLLATE "C" NOT NULL,
    hash          text   COLLATE "C" NOT NULL,
    -- The schedule may be gone: readers look whether it exists, so that removing a schedule need
    -- not visit its tasks.
    schedule      uuid,
    base_priority bigint,
    created_at    bigint NOT NULL,
    -- As it was sent: `jsonb` would change it, and refuses some of what JSON allows.
    data          text   COLLATE "C" NOT NULL
);

-- For lists, newest first: of all, of one organisation, of one scheduler.
CREATE INDEX task_created ON task (created_at, id);
CREATE INDEX task_organisation ON task (organisation, created_at, id);
CREATE INDEX task_scheduler ON task (scheduler, created_at, id);

-- Where each task is in its life. Half a page is left for the updates of the rows in the other
-- half: a task is pushed, handed out and ended within a short time.
CREATE TABLE task_state (
    task        uuid     NOT NULL PRIMARY KEY,
    status      smallint NOT NULL,
    attempt     bigint   NOT NULL,
    priority    bigint   NOT NULL,
    ranked_by   bigint   NOT NULL,
    dead        boolean  NOT NULL,
    modified_at bigint   NOT NULL,
    finished_at bigint,
    not_before  bigint,
    lease_until bigint,
    -- The last step in its life: `task_event.seq`.
    event       bigint   NOT NULL,
    worker      text     COLLATE "C",
    reason      text     COLLATE "C"
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- The queued task of each hash. Its primary key is what keeps tasks unique.
CREATE TABLE task_live (
    scheduler text COLLATE "C" NOT NULL,
    hash      text COLLATE "C" NOT NULL,
    task      uuid NOT NULL,
    PRIMARY KEY (scheduler, hash)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX task_live_task ON task_live (scheduler, task);

-- The tasks that have left the queue and not ended.
CREATE TABLE task_held (
    scheduler text COLLATE "C" NOT NULL,
    hash      text COLLATE "C" NOT NULL,
    task      uuid NOT NULL,
    PRIMARY KEY (scheduler, hash, task)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- The tasks that ended without success, or were given up. A way to them and not the truth: each is
-- looked at again, so one too many does no harm.
CREATE TABLE task_unsuccessful (
    task uuid NOT NULL PRIMARY KEY
);

-- What is known of each hash from its ended tasks.
CREATE TABLE hash_history (
    scheduler         text     COLLATE "C" NOT NULL,
    hash              text     COLLATE "C" NOT NULL,
    -- The one that ended last.
    finished_at       bigint   NOT NULL,
    status            smallint NOT NULL,
    duration_ms       bigint   NOT NULL,
    -- The one that was pushed last.
    newest            uuid     NOT NULL,
    newest_created_at bigint   NOT NULL,
    PRIMARY KEY (scheduler, hash)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- The steps of all tasks, appended. Each points to the one before it of the same task, and the
-- task to its last, so that no index by task is needed.
CREATE TABLE task_event (
    seq      bigint   NOT NULL PRIMARY KEY,
    previous bigint,
    task     uuid     NOT NULL,
    at       bigint   NOT NULL,
    status   smallint NOT NULL,
    attempt  bigint   NOT NULL,
    worker   text     COLLATE "C",
    reason   text     COLLATE "C"
);

-- How many tasks there are, by the hour in which they were modified. Few rows, each updated with
-- nearly every commit.
CREATE TABLE task_count (
    scheduler    text     COLLATE "C" NOT NULL,
    organisation text     COLLATE "C" NOT NULL,
    kind         text     COLLATE "C" NOT NULL,
    status       smallint NOT NULL,
    hour         bigint   NOT NULL,
    count        bigint   NOT NULL,
    PRIMARY KEY (scheduler, organisation, kind, status, hour)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0);

-- Ended tasks whose scheduler wants to know and has not been told.
CREATE TABLE task_untold (
    scheduler   text   COLLATE "C" NOT NULL,
    -- The id of the message that tells it.
    event       uuid   NOT NULL,
    task        uuid   NOT NULL,
    finished_at bigint NOT NULL,
    PRIMARY KEY (scheduler, event)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX task_untold_finished ON task_untold (scheduler, finished_at);

CREATE TABLE schedule (
    id           uuid    NOT NULL PRIMARY KEY,
    scheduler    text    COLLATE "C" NOT NULL,
    organisation text    COLLATE "C" NOT NULL,
    hash         text    COLLATE "C" NOT NULL,
    enabled      boolean NOT NULL,
    cron         text    COLLATE "C",
    time_zone    text    COLLATE "C" NOT NULL,
    deadline_at  bigint,
    missed       text    COLLATE "C" NOT NULL,
    created_at   bigint  NOT NULL,
    modified_at  bigint  NOT NULL,
    data         text    COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX schedule_hash ON schedule (scheduler, hash);
CREATE INDEX schedule_created ON schedule (created_at, id);
CREATE INDEX schedule_due ON schedule (scheduler, deadline_at)
    WHERE enabled AND deadline_at IS NOT NULL;

-- Messages that wait for another try, or for a person.
CREATE TABLE event_kept (
    scheduler    text   COLLATE "C" NOT NULL,
    event        uuid   NOT NULL,
    source       text   COLLATE "C" NOT NULL,
    at           bigint NOT NULL,
    delivery     bigint NOT NULL,
    state        text   COLLATE "C" NOT NULL,
    retry_at     bigint,
    reason       text   COLLATE "C" NOT NULL,
    content_type text   COLLATE "C" NOT NULL,
    attributes   text   COLLATE "C" NOT NULL,
    body         bytea  NOT NULL,
    PRIMARY KEY (scheduler, event)
);
CREATE INDEX event_kept_at ON event_kept (at, event);
CREATE INDEX event_kept_retry ON event_kept (retry_at) WHERE state = 'waiting';

-- Messages that were handled, so that a repeated delivery is known.
CREATE TABLE event_seen (
    scheduler text   COLLATE "C" NOT NULL,
    event     uuid   NOT NULL,
    at        bigint NOT NULL,
    PRIMARY KEY (scheduler, event)
);
CREATE INDEX event_seen_at ON event_seen (at);

CREATE TABLE plugin_version (
    digest      bytea  NOT NULL PRIMARY KEY,
    -- The order of arrival, for those that came at the same moment.
    arrival     bigint GENERATED ALWAYS AS IDENTITY,
    name        text   COLLATE "C" NOT NULL,
    version     text   COLLATE "C" NOT NULL,
    world       text   COLLATE "C" NOT NULL,
    size        bigint NOT NULL,
    uploaded_at bigint NOT NULL,
    uploaded_by text   COLLATE "C" NOT NULL,
    verdict     text   COLLATE "C" NOT NULL
);

CREATE TABLE plugin_component (
    digest    bytea NOT NULL PRIMARY KEY,
    component bytea NOT NULL
);

CREATE TABLE plugin_activation (
    scheduler  text   COLLATE "C" NOT NULL,
    world      text   COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    digest     bytea  NOT NULL,
    at         bigint NOT NULL,
    by         text   COLLATE "C" NOT NULL,
    reason     text   COLLATE "C" NOT NULL,
    settings   text   COLLATE "C" NOT NULL,
    PRIMARY KEY (scheduler, world, generation)
);

-- Small values of plugins. A deleted one stays as a row without a value, so that its revision is
-- never used again.
CREATE TABLE plugin_state (
    scheduler text   COLLATE "C" NOT NULL,
    world     text   COLLATE "C" NOT NULL,
    key       text   COLLATE "C" NOT NULL,
    revision  bigint NOT NULL,
    value     bytea,
    PRIMARY KEY (scheduler, world, key)
);

-- A document for filters to look into; NULL if `jsonb` cannot hold it (it is too deep, or has the
-- character zero), so that such a document is no match instead of the end of a list. Immutable, so
-- that an operator may index it: see the notes on operation.
CREATE FUNCTION hinny_document(document text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN document::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END
$$;
