//! The database of mula, read in one transaction, so that all of it is of one moment.

use anyhow::Context;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use hinny_core::Timestamp;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, postgres::PgConnectOptions};

use super::row::{ScheduleRow, TaskRow};

/// The revision of the schema that this reads: what its migrations leave behind.
const REVISION: &str = "0010";

const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";

const OTHERS: &str = "
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'";

const COUNT_SCHEDULES: &str = "SELECT count(*) FROM schedules";

const SCHEDULES: &str = "
    SELECT id::text, scheduler_id, organisation, hash, data::text, enabled, schedule,
        (extract(epoch FROM deadline_at) * 1000000)::bigint,
        (extract(epoch FROM created_at) * 1000000)::bigint,
        (extract(epoch FROM modified_at) * 1000000)::bigint
    FROM schedules ORDER BY created_at, id";

/// Which tasks are wanted: those that have not ended, and those that are young enough.
macro_rules! wanted {
    () => {
        "FROM tasks WHERE $1::text IS NULL OR created_at >= $1::timestamptz
            OR status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED')"
    };
}

const COUNT_TASKS: &str = concat!("SELECT count(*) ", wanted!());

// What is still to be done comes first, so that it is over early.
const TASKS: &str = concat!(
    "SELECT id::text, scheduler_id, schedule_id::text, organisation, type, hash, priority::bigint,
        data::text, status::text, (extract(epoch FROM created_at) * 1000000)::bigint,
        (extract(epoch FROM modified_at) * 1000000)::bigint ",
    wanted!(),
    " ORDER BY status IN ('COMPLETED', 'FAILED', 'CANCELLED'), created_at, id"
);

/// The values of a schedule, in the order of its columns.
type ScheduleColumns =
    (String, String, String, Option<String>, String, bool, Option<String>, Option<i64>, i64, i64);

/// The values of a task, in the order of its columns.
type TaskColumns = (
    String,
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    Option<i64>,
    String,
    String,
    i64,
    i64,
);

/// A connection to the database.
pub(super) struct Source {
    connection: PgConnection,
}

impl Source {
    /// Connects, and sees to it that it is what it should be.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let known = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        let options = url.parse::<PgConnectOptions>().ok().filter(|_| known).context(
            "`--from` is not the URL of a PostgreSQL database; \
             hint: `postgres://user:password@host:5432/name`",
        )?;
        let place = format!("{}/{}", options.get_host(), options.get_database().unwrap_or("?"));
        let mut connection = options.connect().await.with_context(|| {
            format!("database `{place}` cannot be reached; hint: check address, name and password")
        })?;
        connection.execute(BEGIN).await?;
        let revision = sqlx::query_scalar::<_, String>("SELECT version_num FROM alembic_version")
            .fetch_optional(&mut connection)
            .await
            .with_context(|| {
                format!("database `{place}` is not one of mula; hint: check its name")
            })?
            .unwrap_or_else(|| "none".to_owned());
        anyhow::ensure!(
            revision == REVISION,
            "database `{place}` has revision {revision} of mula's schema, and {REVISION} can be read; \
             hint: start a mula with that revision once, it brings the database up to date"
        );
        Ok(Self { connection })
    }

    /// How many other programs are connected.
    pub(super) async fn others(&mut self) -> anyhow::Result<u64> {
        self.count(OTHERS).await
    }

    /// How many schedules there are.
    pub(super) async fn count_schedules(&mut self) -> anyhow::Result<u64> {
        self.count(COUNT_SCHEDULES).await
    }

    /// How many tasks are wanted.
    pub(super) async fn count_tasks(&mut self, since: Option<Timestamp>) -> anyhow::Result<u64> {
        let since = since.map(|since| since.to_string());
        let count: i64 =
            sqlx::query_scalar(COUNT_TASKS).bind(since).fetch_one(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    async fn count(&mut self, sql: &'static str) -> anyhow::Result<u64> {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// All schedules, oldest first.
    pub(super) fn schedules(&mut self) -> BoxStream<'_, anyhow::Result<ScheduleRow>> {
        let rows = sqlx::query_as::<_, ScheduleColumns>(SCHEDULES).fetch(&mut self.connection);
        rows.map_ok(schedule_row).map_err(reading).boxed()
    }

    /// The wanted tasks: first those that have not ended, each oldest first.
    pub(super) fn tasks(
        &mut self,
        since: Option<Timestamp>,
    ) -> BoxStream<'_, anyhow::Result<TaskRow>> {
        let since = since.map(|since| since.to_string());
        let rows = sqlx::query_as::<_, TaskColumns>(TASKS).bind(since).fetch(&mut self.connection);
        rows.map_ok(task_row).map_err(reading).boxed()
    }
}

fn reading(error: sqlx::Error) -> anyhow::Error {
    anyhow::Error::new(error).context(
        "the database of mula cannot be read on; hint: what came over stays: start the import again",
    )
}

fn schedule_row(columns: ScheduleColumns) -> ScheduleRow {
    let (
        id,
        scheduler,
        organisation,
        hash,
        data,
        enabled,
        cron,
        deadline_at,
        created_at,
        modified_at,
    ) = columns;
    ScheduleRow {
        id,
        scheduler,
        organisation,
        hash,
        data,
        enabled,
        cron,
        deadline_at,
        created_at,
        modified_at,
    }
}

fn task_row(columns: TaskColumns) -> TaskRow {
    let (
        id,
        scheduler,
        schedule,
        organisation,
        kind,
        hash,
        priority,
        data,
        status,
        created_at,
        modified_at,
    ) = columns;
    TaskRow {
        id,
        scheduler,
        schedule,
        organisation,
        kind,
        hash,
        priority,
        data,
        status,
        created_at,
        modified_at,
    }
}
