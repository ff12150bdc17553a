//! A folder with a database, and the hosts that live there one after the other.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::api::Api;

pub(crate) const SCHEDULER: &str = "crash";
pub(crate) const SOURCE: &str = "found";

pub(crate) struct Home {
    folder: TempDir,
    port: u16,
}

/// A running host. It dies when it is dropped.
pub(crate) struct Host {
    child: Child,
    pub(crate) url: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::on("sqlite:hinny.db")
    }

    /// With a database that is elsewhere.
    pub(crate) fn on(database: &str) -> Self {
        Self::with(&format!(
            "[database]\nurl = \"{database}\"\n\n\
             [[schedulers]]\nid = \"{SCHEDULER}\"\nplugin = '{}'\nranker = '{}'\n\n\
             [schedulers.plugin_settings]\nsources = [\"{SOURCE}\"]\n",
            plugin("jobs").display(),
            plugin("rank-fifo").display()
        ))
    }

    /// With a configuration, in which nothing is said of where the API is.
    pub(crate) fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        fs::write(folder.path().join("hinny.toml"), configuration).unwrap();
        Self { folder, port }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a host and waits until it is healthy.
    pub(crate) fn start(&self) -> Host {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_hinny")))
    }

    /// The same, with a command that becomes the host.
    pub(crate) fn start_by(&self, mut command: Command) -> Host {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let child = command
            .args(["serve", "--config", "hinny.toml"])
            .env("HINNY_API__LISTEN", format!("127.0.0.1:{}", self.port))
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut host = Host { child, url: format!("http://127.0.0.1:{}", self.port) };
        host.wait_until_healthy(&self.log());
        host
    }

    fn log(&self) -> PathBuf {
        self.folder().join("hinny.log")
    }
}

impl Host {
    pub(crate) fn api(&self) -> Api {
        Api::new(&self.url)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn wait_until_healthy(&mut self, log: &Path) {
        let (api, began) = (self.api(), Instant::now());
        loop {
            let health = api.send("GET", "/health", &Value::Null);
            if health.is_some_and(|(_, health)| health["healthy"] == true) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                !(ended.is_some() || began.elapsed() > Duration::from_mins(1)),
                "no start ({ended:?}):\n{}",
                fs::read_to_string(log).unwrap()
            );
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn plugin(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(format!("dist/plugins/{name}.wasm"));
    assert!(path.exists(), "no {}; hint: cargo xtask plugins", path.display());
    path.canonicalize().unwrap()
}
