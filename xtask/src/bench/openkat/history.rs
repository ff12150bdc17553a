//! Tasks that ended long ago, written into the database as if they had been done.
//!
//! Every row is there that a list, a count or a decision looks at; of the steps in their lives only
//! the last. To have them done by workers would take an hour.

use crate::{services, sh};

/// Rows in one transaction.
const CHUNK: u64 = 250_000;

/// Those with a number from one to another, of so many in all: evenly over the last 30 days, each hash
/// ten times, one of twenty without success. Counts of hours that are more than a week ago are merged,
/// as a host does it once an hour.
const TASKS: &str = "
    SET synchronous_commit = off;
    WITH numbered AS MATERIALIZED (
        SELECT n, moment, 'org-' || n % 8 AS organisation,
            CASE WHEN n % 20 = 0 THEN 5 ELSE 4 END AS status,
            md5('history-' || n % ({all} / 10 + 1)) AS hash,
            (lpad(to_hex(moment / 1000), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid
                AS id
        FROM generate_series({from}::bigint, {to}::bigint) AS n, LATERAL (
            SELECT (extract(epoch FROM now()) * 1000000)::bigint - 3600000000
                - ({all}::bigint - n) * (30 * 86400000000 / {all}::bigint) AS moment
        ) AS m
    ), tasks AS (
        INSERT INTO task (id, scheduler, organisation, kind, hash, base_priority, created_at, data)
        SELECT id, 'boefje', organisation, 'boefje', hash, moment / 1000000, moment,
            '{\"id\":\"' || id || '\",\"boefje\":{\"id\":\"boefje-' || n % 10
            || '\",\"name\":\"The boefje boefje-' || n % 10 || '\",\"version\":null,\"oci_image\":'
            || '\"ghcr.io/example/generic:latest\"},\"input_ooi\":\"Hostname|internet|h' || n / 10
            || '.history.example\",\"organization\":\"' || organisation
            || '\",\"deduplication_key\":null,\"dispatches\":[]}'
        FROM numbered ORDER BY n
    ), states AS (
        INSERT INTO task_state (task, status, attempt, priority, ranked_by, dead, modified_at,
            finished_at, event)
        SELECT id, status, 1, moment / 1000000, 1, false, moment + 30000000, moment + 60000000,
            (SELECT coalesce(max(seq), 0) FROM task_event) + n - {from} + 1
        FROM numbered ORDER BY n
    ), events AS (
        INSERT INTO task_event (seq, task, at, status, attempt)
        SELECT (SELECT coalesce(max(seq), 0) FROM task_event) + n - {from} + 1, id,
            moment + 60000000, status, 1
        FROM numbered ORDER BY n
    ), unsuccessful AS (
        INSERT INTO task_unsuccessful SELECT id FROM numbered WHERE status = 5
    ), completed AS (
        INSERT INTO task_completed (scheduler, organisation, created_at, task)
        SELECT 'boefje', organisation, moment, id FROM numbered WHERE status = 4 ORDER BY n
    ), until AS (
        UPDATE task_completed_until
        SET seq = (SELECT coalesce(max(seq), 0) FROM task_event) + {to} - {from} + 1
    ), histories AS (
        INSERT INTO hash_history AS h (scheduler, hash, finished_at, status, duration_ms, newest,
            newest_created_at)
        SELECT DISTINCT ON (hash) 'boefje', hash, moment + 60000000, status, 30000, id, moment
        FROM numbered ORDER BY hash, n DESC
        ON CONFLICT (scheduler, hash) DO UPDATE SET finished_at = excluded.finished_at,
            status = excluded.status, newest = excluded.newest,
            newest_created_at = excluded.newest_created_at
    )
    INSERT INTO task_count AS c (scheduler, organisation, kind, status, hour, count)
    SELECT 'boefje', organisation, 'boefje', status,
        CASE WHEN moment < (extract(epoch FROM now()) * 1000000)::bigint - 7 * 86400000000 THEN 0
            ELSE (moment + 30000000) / 3600000000 * 3600000000 END AS hour, count(*)
    FROM numbered GROUP BY organisation, status, hour
    ON CONFLICT (scheduler, organisation, kind, status, hour)
        DO UPDATE SET count = c.count + excluded.count";

/// Writes so many, while no host runs on the database.
pub(crate) fn write(url: &str, count: u64) -> anyhow::Result<()> {
    let mut from = 1;
    while from <= count {
        let to = count.min(from + CHUNK - 1);
        let sql = TASKS
            .replace("{all}", &count.to_string())
            .replace("{from}", &from.to_string())
            .replace("{to}", &to.to_string());
        services::psql(url, &sql)?;
        sh::progress("ended tasks", to, count);
        from = to + 1;
    }
    // As it is after weeks: what autovacuum does by and by.
    services::psql(url, "VACUUM (ANALYZE)")?;
    services::psql(url, "CHECKPOINT")
}
