//! A running host of a chore: a child process in a folder of its own.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{
    http::{Api, field},
    sh,
};

/// How long a start may take before it counts as failed.
const START_MAX: Duration = Duration::from_secs(30);

/// How long a stop may take before the process is killed.
const STOP_MAX: Duration = Duration::from_secs(20);

/// How often a host that starts is asked whether it is healthy.
const LOOK: Duration = Duration::from_millis(2);

/// A running host. Dropping it kills the process.
pub(crate) struct Host {
    child: Child,
    url: String,
    /// From the start of the process to the first healthy answer.
    pub(crate) start: Duration,
}

/// Where a host lives, and how it is configured.
pub(crate) struct Home {
    folder: PathBuf,
    binary: PathBuf,
    port: u16,
    database: String,
    variables: Vec<(String, String)>,
}

impl Home {
    /// A new folder in the temporary folder of the system.
    pub(crate) fn new(name: &str, binary: PathBuf) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("hinny-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let database = "sqlite:hinny.db".to_owned();
        Ok(Self { folder, binary, port: free_port()?, database, variables: Vec::new() })
    }

    /// The port that its host listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Has its host started with a variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Has everything kept in another database than a file in the folder.
    pub(crate) fn keep_in(&mut self, url: &str) {
        url.clone_into(&mut self.database);
    }

    /// Writes the configuration: where to listen and to store, and what is given.
    pub(crate) fn configure(&self, more: &str) -> anyhow::Result<()> {
        let text = format!(
            "[api]\nlisten = \"127.0.0.1:{}\"\n\n[database]\nurl = {:?}\n\n{more}",
            self.port, self.database
        );
        fs::write(self.folder.join("hinny.toml"), text).context("cannot write hinny.toml")
    }

    /// Starts the host and waits until it is healthy.
    pub(crate) fn start(&self) -> anyhow::Result<Host> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let began = Instant::now();
        let child = Command::new(&self.binary)
            .args(["serve", "--config", "hinny.toml"])
            .current_dir(&self.folder)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        let url = format!("http://127.0.0.1:{}", self.port);
        let mut host = Host { child, url, start: Duration::ZERO };
        host.wait_until_healthy(began).with_context(|| self.tail())?;
        Ok(host)
    }

    /// Removes the folder.
    pub(crate) fn remove(&self) {
        // A folder that stays behind in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }

    fn log(&self) -> PathBuf {
        self.folder.join("hinny.log")
    }

    /// The end of the log, to be shown with an error.
    fn tail(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
        format!(
            "the host did not start; its log {} ends:\n{}",
            self.log().display(),
            tail.join("\n")
        )
    }
}

impl Host {
    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A connection to it.
    pub(crate) fn api(&self) -> Api {
        Api::new(&self.url)
    }

    /// Ends it as a crash does, in the middle of whatever it is doing.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().context("cannot kill the host")?;
        self.child.wait().context("cannot wait for the host")?;
        Ok(())
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        sh::run(Command::new("kill").args(["-TERM", &pid]))?;
        let since = Instant::now();
        while since.elapsed() < STOP_MAX {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the host stopped with {status}");
                }
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        bail!("the host did not stop within {} s", STOP_MAX.as_secs())
    }

    /// The memory that it holds, in bytes, without what the system caches of files for it; `None` where
    /// the system does not tell.
    pub(crate) fn memory(&self) -> Option<u64> {
        self.status("RssAnon:")
    }

    /// The same, with the parts of files that are in memory for it: its own program, above all.
    pub(crate) fn resident(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The processor time that it has taken so far; `None` where the system does not tell.
    pub(crate) fn processor(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // The name in brackets may have blanks; what is its own and what the system did for it are
        // the 12th and the 13th after it, in hundredths of a second.
        let (_, rest) = stat.rsplit_once(')')?;
        let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        Some(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>().ok()?))
    }

    fn status(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }

    fn wait_until_healthy(&mut self, began: Instant) -> anyhow::Result<()> {
        let api = self.api();
        while began.elapsed() < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}");
            }
            if api.get("/health").is_ok_and(|health| field(&health, "/healthy") == true) {
                self.start = began.elapsed();
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        bail!("it is not healthy after {} s", START_MAX.as_secs())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Both fail when the process has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of the loopback address that nobody listens on.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Builds packages in release, and says where the binaries are.
///
/// Each on its own: built together, they would share the features that either asks of a library, and
/// the host of the bench would be another one than that of the demo.
pub(crate) fn build_release(packages: &[&str]) -> anyhow::Result<PathBuf> {
    let root = sh::root()?;
    for package in packages {
        sh::run(sh::cargo().args(["build", "--release", "--package", package]).current_dir(&root))?;
    }
    Ok(sh::target_dir()?.join("release"))
}
