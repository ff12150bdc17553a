//! `hinny migrate`: make the database, or bring it up to date.

use std::path::Path;

use anyhow::Context;
use clap::Args;
use hinny_store::{SqliteOptions, SqliteStore};

use super::{client, config_args::ConfigArgs, output};
use crate::host::DatabaseLock;

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
            let file = config.database.sqlite_file()?;
            let said = if self.dry_run { plan(file).await } else { migrate(file).await };
            let said = said.with_context(|| format!("database `{file}` cannot be migrated"))?;
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
