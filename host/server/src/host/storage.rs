//! The database of a host, of whichever kind.

use std::{collections::HashSet, sync::Arc};

use anyhow::Context;
use hinny_core::{
    SchedulerId,
    import::Import,
    store::{PluginStore, Store, StoreError},
};
use hinny_store::{IndexedPlace, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};

use crate::config::{DatabaseConfig, DatabasePlace, SchedulerConfig};

/// The database of a host.
#[derive(Clone)]
pub(crate) enum Storage {
    /// An embedded file.
    Sqlite(Arc<SqliteStore>),
    /// A server. It keeps other hosts away by itself.
    Postgres(Arc<PostgresStore>),
}

impl Storage {
    /// Opens the database, and brings its schema up to date.
    pub(crate) async fn open(database: &DatabaseConfig) -> anyhow::Result<Self> {
        let opened = match database.place()? {
            DatabasePlace::Sqlite(file) => Self::open_file(&SqliteOptions::file(file)).await,
            DatabasePlace::Postgres(_) => Self::open_server(&database.postgres_options()?).await,
        };
        opened.with_context(|| format!("database `{}` cannot be opened", database.shown()))
    }

    /// Opens an embedded file.
    pub(crate) async fn open_file(options: &SqliteOptions) -> Result<Self, StoreError> {
        SqliteStore::open(options).await.map(|store| Self::Sqlite(Arc::new(store)))
    }

    /// Opens a database of a server.
    pub(crate) async fn open_server(options: &PostgresOptions) -> Result<Self, StoreError> {
        PostgresStore::open(options).await.map(|store| Self::Postgres(Arc::new(store)))
    }

    /// Tasks, schedules and messages.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// What takes what another system has.
    pub(crate) fn importer(&self) -> Arc<dyn Import> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// Plugins.
    pub(crate) fn plugins(&self) -> Arc<dyn PluginStore> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// Sets whose ended tasks are kept until their scheduler plugin was told.
    pub(crate) fn set_tell_finished(&self, schedulers: HashSet<SchedulerId>) {
        match self {
            Self::Sqlite(store) => store.set_tell_finished(schedulers),
            Self::Postgres(store) => store.set_tell_finished(schedulers),
        }
    }

    /// Has lists find tasks by what stands at the places that are configured for it. An embedded
    /// file has no such indexes.
    pub(crate) fn index(&self, schedulers: &[SchedulerConfig]) {
        let Self::Postgres(store) = self else { return };
        let places = schedulers.iter().flat_map(|scheduler| {
            scheduler.indexed.iter().map(|pointer| IndexedPlace {
                scheduler: scheduler.id.clone(),
                path: pointer.split('/').skip(1).map(str::to_owned).collect(),
            })
        });
        store.index(places.collect());
    }

    /// Closes it in order.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
