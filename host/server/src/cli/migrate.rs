//! `hinny migrate`: make the database, or bring it up to date.

use std::path::Path;

use anyhow::Context;
use clap::Args;
use hinny_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};

use super::{client, config_args::ConfigArgs, output};
use crate::{config::DatabasePlace, host::DatabaseLock};

/// Make the database, or bring it up to date. `serve` does it, too, when it starts.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Migrate {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        client::block_on(async {
            let config = self.config.load()?.config;
            let shown = config.database.shown();
            let said = match config.database.place()? {
                DatabasePlace::Sqlite(file) if self.dry_run => plan(file).await,
                DatabasePlace::Sqlite(file) => migrate(file).await,
                DatabasePlace::Postgres(_) => {
                    let options = config.database.postgres_options()?;
                    on_server(&options, &shown, self.dry_run).await
                }
            };
            let said = said.with_context(|| format!("database `{shown}` cannot be migrated"))?;
            Ok(output::print(&(said + "\n"))?)
        })
    }
}

async fn plan(file: &str) -> anyhow::Result<String> {
    if !Path::new(file).exists() {
        return Ok(format!("database `{file}` would be made"));
    }
    let (found, known) = SqliteStore::schema_version(&SqliteOptions::file(file)).await?;
    Ok(if found == known {
        format!("database `{file}` is up to date, with schema {found}")
    } else {
        format!("database `{file}` would go from schema {found} to {known}")
    })
}

async fn migrate(file: &str) -> anyhow::Result<String> {
    let existed = Path::new(file).exists();
    let _lock = DatabaseLock::take(file)?;
    let (before, now) = SqliteStore::migrate(&SqliteOptions::file(file)).await?;
    Ok(match existed {
        false => format!("made database `{file}` with schema {now}"),
        true if before == now => format!("database `{file}` was up to date, with schema {now}"),
        true => format!("database `{file}` went from schema {before} to {now}"),
    })
}

/// A running hinny is no obstacle: migrations are safe beside it.
async fn on_server(
    options: &PostgresOptions,
    shown: &str,
    dry_run: bool,
) -> anyhow::Result<String> {
    let (found, known) = if dry_run {
        PostgresStore::schema_version(options).await?
    } else {
        PostgresStore::migrate(options).await?
    };
    Ok(match (found, dry_run) {
        _ if found == known => format!("database `{shown}` is up to date, with schema {found}"),
        (0, true) => format!("the tables of database `{shown}` would be made"),
        (0, false) => format!("made the tables of database `{shown}` with schema {known}"),
        (_, true) => format!("database `{shown}` would go from schema {found} to {known}"),
        (_, false) => format!("database `{shown}` went from schema {found} to {known}"),
    })
}
