//! A folder with a configuration and a target, and the binary that imports into it.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use hinny_core::{
    TaskId,
    store::Store as _,
    task::{Page, Task, TaskQuery, Window},
};
use hinny_store::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// What the import writes to.
pub(crate) struct Rig {
    folder: TempDir,
    /// A database that is not a file in the folder.
    server: Option<String>,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Rig {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schedulers = concat!(
            "[[schedulers]]\nid = \"scan\"\nlease_seconds = 3600\n",
            "[[schedulers]]\nid = \"parse\"\nlease_seconds = 0\n",
        );
        std::fs::write(folder.path().join("hinny.toml"), schedulers).unwrap();
        Self { folder, server: None }
    }

    /// With another target than a file.
    pub(crate) fn on(url: &str) -> Self {
        Self { server: Some(url.to_owned()), ..Self::new() }
    }

    /// A command of hinny in the folder.
    pub(crate) fn hinny(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
        command.args(arguments).current_dir(self.folder.path()).env("RUST_BACKTRACE", "0");
        command.envs(self.server.iter().map(|url| ("HINNY_DATABASE__URL", url)));
        command
    }

    /// Imports from a database, with more arguments.
    pub(crate) fn import(&self, url: &str, more: &[&str]) -> Said {
        let mut command = self.hinny(&["import", "mula", "--from", url]);
        command.args(more).output().unwrap().into()
    }

    /// The file that is written to.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("hinny.db")
    }

    /// Opens what was written.
    pub(crate) async fn store(&self) -> SqliteStore {
        SqliteStore::open(&SqliteOptions::file(self.target())).await.unwrap()
    }

    /// All tasks that were written, newest first.
    pub(crate) async fn tasks(&self) -> Vec<Task> {
        let store = self.store().await;
        let window = Window { offset: 0, limit: 100_000, count_max: None };
        let Page { count, items } = store.list_tasks(&TaskQuery::default(), window).await.unwrap();
        assert_eq!(count, items.len() as u64);
        store.close().await.unwrap();
        items
    }

    /// One task that was written.
    pub(crate) async fn task(&self, id: &str) -> Task {
        let id = TaskId(id.parse().unwrap());
        let store = self.store().await;
        let mut found = store.tasks_by_id(&[id]).await.unwrap();
        store.close().await.unwrap();
        found.pop().unwrap_or_else(|| panic!("task {id} did not come over"))
    }
}
