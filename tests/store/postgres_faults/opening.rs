//! Databases that do not open, and hosts that are refused.

use hinny_core::{
    plugin::Stage,
    store::{PluginStore as _, StoreError},
};
use hinny_store::{PostgresOptions, PostgresStore};
use sqlx::Connection as _;

use super::{open, refusal};
use crate::store::server::Database;

#[tokio::test]
async fn a_second_host_is_refused_and_told_who_is_there() {
    let database = Database::new().await;
    let first = open(&database).await;
    let said = refusal(&database).await.to_string();
    assert!(said.contains("it is in use by another hinny: `hinny "), "{said}");
    assert!(said.contains("stop that one, or choose another database"), "{said}");
    let user = PostgresStore::user(&database.options()).await.unwrap();
    assert!(user.is_some_and(|user| user.starts_with("`hinny ")));
    first.close().await.unwrap();
    assert_eq!(PostgresStore::user(&database.options()).await.unwrap(), None);
    open(&database).await.close().await.unwrap();
}

#[tokio::test]
async fn a_host_that_cannot_have_the_lock_of_the_writer_says_who_has_it() {
    let database = Database::new().await;
    let mut stranger = database.stranger().await;
    sqlx::query("SELECT set_config('application_name', 'somebody', false)")
        .execute(&mut stranger)
        .await
        .unwrap();
    let take = format!("SELECT pg_advisory_lock({}, 2)", u32::from_be_bytes(*b"hiny"));
    sqlx::query(sqlx::AssertSqlSafe(take)).execute(&mut stranger).await.unwrap();
    let mut options = database.options();
    options.lock_timeout = std::time::Duration::from_millis(100);
    let refused = PostgresStore::open(&options).await.err().unwrap().to_string();
    assert!(refused.contains("it is in use by another hinny: `somebody`"), "{refused}");
    stranger.close().await.unwrap();
    open(&database).await.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = Database::new().await;
    open(&database).await.close().await.unwrap();
    database
        .run(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (99, 'later', true, '', 0)",
        )
        .await;
    let refused = refusal(&database).await;
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused}");
}

#[tokio::test]
async fn tables_of_another_program_are_left_alone() {
    let database = Database::new().await;
    database.run("CREATE TABLE customer (id bigint)").await;
    let refused = refusal(&database).await.to_string();
    assert!(refused.contains("hint: name another database"), "{refused}");
}

#[tokio::test]
async fn a_migration_is_made_once_and_told() {
    let database = Database::new().await;
    let options = database.options();
    assert_eq!(PostgresStore::schema_version(&options).await.unwrap(), (0, 4));
    assert_eq!(PostgresStore::migrate(&options).await.unwrap(), (0, 4));
    assert_eq!(PostgresStore::migrate(&options).await.unwrap(), (4, 4));
    assert_eq!(PostgresStore::schema_version(&options).await.unwrap(), (4, 4));
}

#[tokio::test]
async fn two_hosts_that_migrate_at_once_take_turns() {
    let database = Database::new().await;
    let options = database.options();
    let both = tokio::join!(PostgresStore::migrate(&options), PostgresStore::migrate(&options));
    both.0.unwrap();
    both.1.unwrap();
    open(&database).await.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_only_reads_is_named_as_the_cause() {
    let database = Database::new().await;
    open(&database).await.close().await.unwrap();
    let read_only =
        format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.run_outside(&read_only).await;
    let refused = refusal(&database).await;
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
    assert!(refused.to_string().contains("name the primary server"), "{refused}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named_as_the_cause() {
    let database = Database::new().await;
    let url = database.url().replace(database.name(), "hinny_nowhere");
    let opened = PostgresStore::open(&PostgresOptions::url(&url).unwrap()).await;
    let refused = opened.err().unwrap().to_string();
    assert!(refused.contains("CREATE DATABASE"), "{refused}");
}

#[tokio::test]
async fn activations_from_before_there_were_stages_are_of_all_tasks() {
    let database = Database::new().await;
    open(&database).await.close().await.unwrap();
    for sql in [
        "DELETE FROM _sqlx_migrations WHERE version >= 2",
        "DROP TABLE plugin_signature, plugin_refusal, task_completed, task_completed_until",
        "ALTER TABLE plugin_activation DROP COLUMN stage, DROP COLUMN ended, DROP COLUMN forced",
        "INSERT INTO plugin_activation
            (scheduler, world, generation, digest, at, by, reason, settings)
        VALUES ('jobs', 'ranker', 1, decode(repeat('00', 32), 'hex'), 7, 'anna', 'activate', '{}')",
    ] {
        database.run(sql).await;
    }
    assert_eq!(PostgresStore::schema_version(&database.options()).await.unwrap(), (1, 4));
    let slot = "jobs/ranker".parse().unwrap();
    let stored = open(&database).await.activations(&slot, 1).await.unwrap();
    assert_eq!((stored[0].stage, stored[0].ended, stored[0].forced), (Stage::Active, None, false));
}
