//! The databases under test.

use std::{collections::HashSet, sync::Arc};

use hinny_core::{
    SchedulerId,
    store::{PluginStore, Store, Unit, UnitOutcome},
};
use hinny_store::{PostgresStore, SqliteOptions, SqliteStore};

use super::server::Database;

/// Both traits of a database.
pub(crate) trait Storage: Store + PluginStore {}

impl<T: Store + PluginStore> Storage for T {}

/// A database that is empty at first.
pub(crate) struct Subject {
    pub(crate) store: Arc<dyn Storage>,
    tell_finished: Box<dyn Fn(HashSet<SchedulerId>) + Send + Sync>,
    /// Whether filters find words in text.
    pub(crate) has_full_text: bool,
    /// It goes with the subject.
    _database: Option<Database>,
}

impl Subject {
    /// A `SQLite` database that is open.
    pub(crate) fn over(store: Arc<SqliteStore>) -> Self {
        let told = Arc::clone(&store);
        let tell_finished = Box::new(move |who| told.set_tell_finished(who));
        Self { store, tell_finished, has_full_text: false, _database: None }
    }

    /// A `PostgreSQL` database that is open, and goes with the subject if it is given.
    pub(crate) fn on_server(
        store: Arc<PostgresStore>,
        database: impl Into<Option<Database>>,
    ) -> Self {
        let told = Arc::clone(&store);
        let tell_finished = Box::new(move |who| told.set_tell_finished(who));
        Self { store, tell_finished, has_full_text: true, _database: database.into() }
    }

    /// Sets whose ended tasks are kept to be told.
    pub(crate) fn tell_finished(&self, scheduler: &SchedulerId) {
        (self.tell_finished)(HashSet::from([scheduler.clone()]));
    }

    /// Commits one unit that must not be refused.
    pub(crate) async fn unit(&self, unit: Unit) -> UnitOutcome {
        let outcome = self.units(vec![unit]).await.remove(0);
        assert_eq!(outcome.refused_by, None);
        outcome
    }

    /// Commits units.
    pub(crate) async fn units(&self, units: Vec<Unit>) -> Vec<UnitOutcome> {
        self.store.commit(units).await.unwrap()
    }
}

/// A `SQLite` database in a temporary file.
pub(crate) async fn sqlite() -> Subject {
    Subject::over(Arc::new(SqliteStore::open(&SqliteOptions::temporary()).await.unwrap()))
}

/// A database of its own on the `PostgreSQL` server of the tests.
pub(crate) async fn postgres() -> Subject {
    let database = Database::new().await;
    let store = PostgresStore::open(&database.options()).await.unwrap();
    Subject::on_server(Arc::new(store), database)
}
