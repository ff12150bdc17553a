//! Files that cannot be opened, or not read.

use std::{fs, path::Path, process::Command};

use hinny_core::{
    plugin::Stage,
    store::{PluginStore as _, Store, StoreError},
};
use hinny_store::SqliteStore;

use super::{
    super::make::{jobs, task_id},
    Place,
};

#[tokio::test]
async fn a_folder_that_is_missing_is_not_made() {
    let mut place = Place::new();
    let folder = place.path.with_file_name("missing");
    place.path = folder.join("hinny.db");
    let refusal = place.refusal().await;
    assert!(matches!(refusal, StoreError::Unavailable { .. }), "{refusal:?}");
    assert_eq!(
        refusal.to_string(),
        "the database cannot be used now: error returned from database: (code: 14) unable to open \
         database file; hint: make the folder of the database, and let hinny read and write in it"
    );
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let place = Place::new();
    let text = "Dear diary, today I was taken for a database. ".repeat(100);
    fs::write(&place.path, &text).unwrap();
    let refusal = place.refusal().await;
    assert!(matches!(refusal, StoreError::Corrupt { .. }), "{refusal:?}");
    assert_eq!(
        refusal.to_string(),
        "the database holds a file that cannot be read: error returned from database: (code: 26) \
         file is not a database; hint: name another file, or restore a backup"
    );
    assert_eq!(fs::read_to_string(&place.path).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let place = Place::new();
    place.run("CREATE TABLE task (id INTEGER); INSERT INTO task VALUES (7)").await;
    let before = place.rows().await;
    for refusal in [
        place.refusal().await,
        SqliteStore::migrate(&place.options()).await.unwrap_err(),
        SqliteStore::schema_version(&place.options()).await.unwrap_err(),
    ] {
        assert_eq!(
            refusal.to_string(),
            "the database holds tables of another program that cannot be read: it was not made \
             by hinny; hint: name another file"
        );
    }
    assert_eq!(place.rows().await, before);
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let place = Place::new();
    fs::write(&place.path, "").unwrap();
    assert_eq!(SqliteStore::schema_version(&place.options()).await.unwrap(), (0, 3));
    assert_eq!(SqliteStore::migrate(&place.options()).await.unwrap(), (0, 3));
    assert_eq!(SqliteStore::migrate(&place.options()).await.unwrap(), (3, 3));
    assert_eq!(SqliteStore::schema_version(&place.options()).await.unwrap(), (3, 3));
    place.subject().await.queue([1]).await;
}

#[tokio::test]
async fn the_schema_of_a_missing_database_is_not_known() {
    let place = Place::new();
    let refusal = SqliteStore::schema_version(&place.options()).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unavailable { .. }), "{refusal:?}");
    assert!(!place.path.exists());
}

#[tokio::test]
async fn a_database_of_a_newer_hinny_is_refused_and_left_alone() {
    let place = Place::new();
    let store = place.store().await;
    store.close().await.unwrap();
    place
        .run(
            "INSERT INTO _sqlx_migrations
                (version, description, success, checksum, execution_time)
            VALUES (7, 'the future', true, x'00', 0)",
        )
        .await;
    let before = place.rows().await;
    let text = "the database has schema 7, this hinny knows up to 3; hint: start the newer hinny, \
                or restore the backup from before its first start";
    let refusal = place.refusal().await;
    assert!(matches!(refusal, StoreError::NewerSchema { found: 7, known: 3 }), "{refusal:?}");
    assert_eq!(refusal.to_string(), text);
    let refusal = SqliteStore::migrate(&place.options()).await.unwrap_err();
    assert_eq!(refusal.to_string(), text);
    assert_eq!(SqliteStore::schema_version(&place.options()).await.unwrap(), (7, 3));
    assert_eq!(place.rows().await, before);
}

#[tokio::test]
async fn a_migration_that_was_edited_is_refused() {
    let place = Place::new();
    place.store().await.close().await.unwrap();
    place.run("UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let refusal = place.refusal().await;
    assert!(matches!(refusal, StoreError::Corrupt { .. }), "{refusal:?}");
}

/// Takes the right to write a file away, and gives it back in the end.
struct Protected<'a>(&'a Path);

impl<'a> Protected<'a> {
    /// `None`: this user may write whatever it likes.
    fn new(file: &'a Path) -> Option<Self> {
        let this = Self(file);
        let mut rights = fs::metadata(file).unwrap().permissions();
        rights.set_readonly(true);
        fs::set_permissions(file, rights).unwrap();
        let may_write = || fs::OpenOptions::new().append(true).open(file).is_ok();
        // Rights do not bind root, the attribute does.
        if may_write() {
            this.attribute("+i");
        }
        (!may_write()).then_some(this)
    }

    fn attribute(&self, change: &str) {
        Command::new("chattr").arg(change).arg(self.0).output().ok();
    }
}

impl Drop for Protected<'_> {
    fn drop(&mut self) {
        self.attribute("-i");
    }
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused() {
    let place = Place::new();
    let store = place.store().await;
    super::super::subject::Subject::over(std::sync::Arc::clone(&store)).queue([1]).await;
    // A connection that is still being closed would lend its open file to the next one.
    store.close().await.unwrap();
    let Some(protected) = Protected::new(&place.path) else {
        eprintln!("not tested: this user may write every file");
        return;
    };
    let refusal = place.refusal().await;
    assert!(matches!(refusal, StoreError::ReadOnly { .. }), "{refusal:?}");
    assert_eq!(
        refusal.to_string(),
        "the database cannot be written: error returned from database: (code: 8) attempt to write \
         a readonly database; hint: let hinny write the database file and its folder"
    );
    drop(protected);
}

#[tokio::test]
async fn a_file_that_was_damaged_says_so() {
    let place = Place::new();
    let store = place.store().await;
    super::super::subject::Subject::over(std::sync::Arc::clone(&store)).queue(0..2000).await;
    store.close().await.unwrap();
    let mut bytes = fs::read(&place.path).unwrap();
    // The header and the schema are whole; what comes after is not.
    let whole = 64 * 2048;
    assert!(bytes.len() > 2 * whole);
    bytes[whole..].fill(0x5a);
    fs::write(&place.path, bytes).unwrap();
    let store = place.store().await;
    let refusal = store.queued_tasks(&jobs(), None, 5000).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Corrupt { .. }), "{refusal:?}");
    assert_eq!(
        refusal.to_string(),
        "the database holds a file that cannot be read: error returned from database: (code: 11) \
         database disk image is malformed; hint: name another file, or restore a backup"
    );
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named() {
    let place = Place::new();
    let subject = place.subject().await;
    subject.queue([1, 2]).await;
    for (change, expected) in [
        (
            "UPDATE task_state SET status = 99",
            "the database holds a task that cannot be read: 99 is not a status",
        ),
        (
            "UPDATE task_state SET status = 1; UPDATE task SET data = '{'",
            "the database holds a task that cannot be read: EOF while parsing an object at line 1 \
             column 1",
        ),
    ] {
        place.run(change).await;
        let refusal = subject.store.tasks_by_id(&[task_id(1)]).await.unwrap_err();
        assert_eq!(refusal.to_string(), expected);
    }
    place.run("UPDATE task SET data = '{}'").await;
    assert_eq!(subject.hand_out(1).await.data.get(), "{}");
}

#[tokio::test]
async fn activations_from_before_there_were_stages_are_of_all_tasks() {
    let place = Place::new();
    place.store().await.close().await.unwrap();
    place
        .run(
            "DELETE FROM _sqlx_migrations WHERE version >= 2;
            DROP TABLE plugin_signature;
            DROP TABLE plugin_refusal;
            ALTER TABLE plugin_activation DROP COLUMN stage;
            ALTER TABLE plugin_activation DROP COLUMN ended;
            ALTER TABLE plugin_activation DROP COLUMN forced;
            INSERT INTO plugin_activation
                (scheduler, world, generation, digest, at, by, reason, settings)
            VALUES ('jobs', 'ranker', 1, zeroblob(32), 7, 'anna', 'activate', '{}');",
        )
        .await;
    assert_eq!(SqliteStore::schema_version(&place.options()).await.unwrap(), (1, 3));
    let slot = "jobs/ranker".parse().unwrap();
    let stored = place.store().await.activations(&slot, 1).await.unwrap();
    assert_eq!((stored[0].stage, stored[0].ended, stored[0].forced), (Stage::Active, None, false));
}
