//! `hinny import mula`: tasks and schedules from the database of mula.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context;
use clap::{Args, ValueEnum};
use futures::{StreamExt as _, stream::BoxStream};
use hinny_core::{
    Clock, SchedulerId, TaskStatus, Timestamp,
    import::{Import, ImportBatch, ImportMode, ImportOutcome},
    task::Task,
};
use hinny_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};

use super::{
    progress::Progress,
    row::{Conversion, ScheduleRow, TaskRow},
    source::Source,
    tally::Tally,
};
use crate::{
    cli::{config_args::ConfigArgs, failure::Refused, output},
    clock::SystemClock,
    config::{Config, DatabasePlace},
    host::{DatabaseLock, Storage},
};

/// What is written in one transaction. It may be cut off between two of them.
const BATCH: usize = 1000;

/// Bring tasks and schedules over from the database of mula.
///
/// Stop mula first, and do not start hinny before the end. Ids, hashes and times are kept. What is
/// queued is queued again, what a worker holds stays with it for as long as a lease lasts, and what
/// has ended is history. Whatever was brought over before is left as it is, so an import that was
/// cut off can be started again.
#[derive(Debug, Args)]
pub(crate) struct Mula {
    /// The database; the password can also be in the environment variable
    #[arg(long, value_name = "URL", env = "HINNY_IMPORT_FROM", hide_env_values = true)]
    from: String,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Leave out tasks that have ended and were made before, such as `2026-01-31`
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Bring only these over
    #[arg(long)]
    only: Option<Only>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Tasks,
    Schedules,
}

impl Mula {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let config = self.config.load()?.config;
        let mut source = Source::open(&self.from).await?;
        if source.others().await? > 0 {
            eprintln!(
                "warning: other programs use that database; hint: stop mula before you import"
            );
        }
        let target = Target::open(&config, self.dry_run).await?;
        let importer = target.storage.importer();
        let mut import = Importing {
            store: &*importer,
            mode: if self.dry_run { ImportMode::Look } else { ImportMode::Write },
            conversion: Conversion { now: SystemClock.now(), leases: leases(&config) },
            tally: Tally::default(),
        };
        let imported = self.bring_over(&mut source, &mut import).await;
        let tally = import.tally;
        let closed = target.storage.close().await;
        imported?;
        closed.context("the database was not closed in order")?;
        output::print(&tally.report(self.dry_run, &config))?;
        if tally.is_whole() { Ok(()) } else { Err(Refused.into()) }
    }

    async fn bring_over(
        &self,
        source: &mut Source,
        import: &mut Importing<'_>,
    ) -> anyhow::Result<()> {
        if self.only != Some(Only::Tasks) {
            let progress = Progress::new("schedules", source.count_schedules().await?);
            import.schedules(source.schedules(), &progress).await?;
        }
        if self.only != Some(Only::Schedules) {
            let progress = Progress::new("tasks", source.count_tasks(self.since).await?);
            import.tasks(source.tasks(self.since), &progress).await?;
        }
        Ok(())
    }
}

/// The database that takes it, and the right to it.
struct Target {
    storage: Storage,
    _lock: Option<DatabaseLock>,
}

impl Target {
    async fn open(config: &Config, dry_run: bool) -> anyhow::Result<Self> {
        let database = &config.database;
        let (opened, lock): (anyhow::Result<Storage>, _) = match database.place()? {
            DatabasePlace::Sqlite(file) => {
                let (options, lock) = sqlite(file, dry_run).await?;
                (Storage::open_file(&options).await.map_err(Into::into), lock)
            }
            DatabasePlace::Postgres(_) => {
                (postgres(&database.postgres_options()?, dry_run).await, None)
            }
        };
        let cannot = || format!("database `{}` cannot be opened", database.shown());
        Ok(Self { storage: opened.with_context(cannot)?, _lock: lock })
    }
}

async fn sqlite(
    file: &str,
    dry_run: bool,
) -> anyhow::Result<(SqliteOptions, Option<DatabaseLock>)> {
    let options = SqliteOptions::file(file);
    if !dry_run {
        return Ok((options, Some(DatabaseLock::take(file)?)));
    }
    if !Path::new(file).exists() {
        // Nothing is there: as with an empty one.
        return Ok((SqliteOptions::temporary(), None));
    }
    let (found, known) = SqliteStore::schema_version(&options).await?;
    ensure_current(found, known)?;
    Ok((options, None))
}

/// The server keeps a running host and an import apart by itself.
async fn postgres(options: &PostgresOptions, dry_run: bool) -> anyhow::Result<Storage> {
    if dry_run {
        let (found, known) = PostgresStore::schema_version(options).await?;
        if found == 0 {
            return Ok(Storage::open_file(&SqliteOptions::temporary()).await?);
        }
        ensure_current(found, known)?;
    }
    Ok(Storage::open_server(options).await?)
}

/// Looking must not bring a schema up to date.
fn ensure_current(found: i64, known: i64) -> anyhow::Result<()> {
    anyhow::ensure!(
        found == known,
        "the database has schema {found}, this hinny has {known}; hint: run `hinny migrate` first"
    );
    Ok(())
}

fn leases(config: &Config) -> BTreeMap<SchedulerId, Option<Duration>> {
    config.schedulers.iter().map(|of| (of.id.clone(), of.queue().lease)).collect()
}

/// An import on its way.
struct Importing<'a> {
    store: &'a dyn Import,
    mode: ImportMode,
    conversion: Conversion,
    tally: Tally,
}

impl Importing<'_> {
    async fn schedules(
        &mut self,
        rows: BoxStream<'_, anyhow::Result<ScheduleRow>>,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let mut rows = rows.chunks(BATCH);
        while let Some(rows) = rows.next().await {
            let count = rows.len();
            let mut schedules = Vec::with_capacity(count);
            for row in rows {
                match Conversion::schedule(row?) {
                    Ok((schedule, remark)) => {
                        self.tally.remarks.extend(remark);
                        schedules.push(schedule);
                    }
                    Err(why) => self.tally.leave_out("schedules", why),
                }
            }
            let ids: Vec<_> = schedules.iter().map(|schedule| schedule.id).collect();
            let batch = ImportBatch { schedules, tasks: Vec::new() };
            let outcomes = self.store.import(batch, self.mode).await?.schedules;
            for (id, outcome) in ids.iter().zip(outcomes) {
                match outcome {
                    ImportOutcome::HashTaken(other) => {
                        let why = format!("schedule `{id}` has the hash of schedule `{other}`");
                        self.tally.leave_out("schedules", why);
                    }
                    outcome => self.tally.add("schedules", outcome),
                }
            }
            progress.advance(count);
        }
        Ok(())
    }

    async fn tasks(
        &mut self,
        rows: BoxStream<'_, anyhow::Result<TaskRow>>,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let mut rows = rows.chunks(BATCH);
        while let Some(rows) = rows.next().await {
            let count = rows.len();
            let mut tasks = Vec::with_capacity(count);
            for row in rows {
                match self.conversion.task(row?) {
                    Ok(task) => tasks.push(task),
                    Err(why) => self.tally.leave_out("tasks", why),
                }
            }
            let twins = self.write(tasks).await?;
            // A queued task cannot be there twice; the others keep their ids, and end.
            let left = self.write(twins).await?;
            for task in left {
                self.tally.leave_out("tasks", format!("task `{}` was queued meanwhile", task.id));
            }
            progress.advance(count);
        }
        Ok(())
    }

    /// Writes tasks; the answer is those that are queued already under another id, cancelled.
    async fn write(&mut self, tasks: Vec<Task>) -> anyhow::Result<Vec<Task>> {
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let batch = ImportBatch { schedules: Vec::new(), tasks: tasks.clone() };
        let outcomes = self.store.import(batch, self.mode).await?.tasks;
        let mut twins = Vec::new();
        for (task, outcome) in tasks.into_iter().zip(outcomes) {
            self.tally.schedulers.insert(task.scheduler.clone());
            match outcome {
                ImportOutcome::Duplicate(live) => twins.push(cancelled(task, live)),
                outcome => self.tally.add(task.status.as_str(), outcome),
            }
        }
        Ok(twins)
    }
}

fn cancelled(task: Task, live: hinny_core::TaskId) -> Task {
    Task {
        status: TaskStatus::Cancelled,
        reason: Some(format!("task `{live}` is the same work, and queued")),
        finished_at: Some(task.modified_at),
        ..task
    }
}
