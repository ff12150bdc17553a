//! What goes wrong with a `PostgreSQL` server: what is said then, and what still holds.

mod away;
mod cut;
mod opening;

use std::{sync::Arc, time::Duration};

use hinny_core::store::{Store as _, StoreError};
use hinny_store::PostgresStore;

use super::server::Database;

/// Longest that anything may take to come right.
const MEND_MAX: Duration = Duration::from_secs(30);

async fn open(database: &Database) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open(&database.options()).await.unwrap())
}

/// Why it does not open.
async fn refusal(database: &Database) -> StoreError {
    match PostgresStore::open(&database.options()).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// Asks until there is an answer.
async fn until_it_answers(store: &PostgresStore) {
    let answers = async {
        while store.ping().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(MEND_MAX, answers).await.expect("it comes back by itself");
}
