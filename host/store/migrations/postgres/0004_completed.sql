-- Why: a page of completed tasks need not pass over all that wait.

-- Completed tasks in the order of lists. It is filled a moment later, from the steps in the lives of
-- tasks, so that hardly a commit waits for it. A way to them and not the truth: each is looked at
-- again, so one too many does no harm.
CREATE TABLE task_completed (
    scheduler    text   COLLATE "C" NOT NULL,
    organisation text   COLLATE "C" NOT NULL,
    created_at   bigint NOT NULL,
    task         uuid   NOT NULL,
    PRIMARY KEY (organisation, scheduler, created_at, task)
);
CREATE INDEX task_completed_created ON task_completed (created_at, task);

-- The step up to which it is filled, in one row: `task_event.seq`.
CREATE TABLE task_completed_until (
    one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint  NOT NULL
);
INSERT INTO task_completed_until (seq) VALUES (0);
