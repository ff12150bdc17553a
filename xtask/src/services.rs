//! Services that the tests talk to, started for one run and stopped after it.
//!
//! Each service is found in the same order: one that a variable names, the packages of this
//! machine, a container. A module per service.

pub(crate) mod celery;
mod debian;
mod postgres;
pub(crate) mod rabbitmq;
pub(crate) mod registry;

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

pub(crate) use self::postgres::{
    VARIABLE as POSTGRES, durable_postgres, postgres, postgres_programs, psql,
};

/// How long a service may take until it answers.
const START_MAX: Duration = Duration::from_mins(1);

/// How long a service may take until it is gone; then it is killed.
const STOP_MAX: Duration = Duration::from_secs(10);

/// A service that answers. It stops, and its files go, when this is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    /// Where it is, with user and password.
    pub(crate) url: String,
    _running: Option<Running>,
}

/// A process of our own, with the folder of its files.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Child,
    /// The signal that stops it at once and with all its children.
    pub(crate) signal: &'static str,
    pub(crate) folder: Option<PathBuf>,
}

impl Service {
    /// A service that somebody else runs.
    pub(crate) fn of_others(url: String) -> Self {
        Self { url, _running: None }
    }

    /// A service that was started here.
    pub(crate) fn ours(url: String, running: Running) -> Self {
        Self { url, _running: Some(running) }
    }
}

impl Running {
    /// Waits until the service answers; an error if it ends before that, or takes too long.
    pub(crate) fn wait_for(
        &mut self,
        name: &str,
        answers: impl Fn() -> bool,
    ) -> anyhow::Result<()> {
        let started = Instant::now();
        while !answers() {
            if let Some(status) = self.process.try_wait()? {
                anyhow::bail!("{name} ended with {status} before it answered, see above");
            }
            if started.elapsed() > START_MAX {
                anyhow::bail!("{name} does not answer after {} s", START_MAX.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn stop(&mut self) {
        let pid = self.process.id().to_string();
        let asked = quietly(Command::new("kill").args(["-s", self.signal, &pid]));
        let started = Instant::now();
        while asked && started.elapsed() < STOP_MAX {
            match self.process.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                _ => return,
            }
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Whatever ends the run, nothing is left behind.
impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// A port of this machine that nobody uses now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("there is no free port")?;
    Ok(listener.local_addr()?.port())
}

/// The first of some container engines that answers.
pub(crate) fn container_engine() -> Option<&'static str> {
    ["docker", "podman"].into_iter().find(|engine| {
        quietly(Command::new(engine).args(["version", "--format", "{{.Server.Version}}"]))
    })
}

/// Runs a command without showing what it says; whether it succeeded.
pub(crate) fn quietly(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
