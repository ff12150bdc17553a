//! A broker in a container.

use std::process::Command;

use anyhow::Context;

use super::wait_for;
use crate::sh;

/// What is started.
const IMAGE: &str = "rabbitmq:3.13";

/// A broker in a container. It ends when this is dropped.
pub(super) struct Container {
    pub(super) port: u16,
    engine: &'static str,
    id: String,
}

impl Container {
    /// Starts one; none: there is no container engine that works.
    pub(super) fn start() -> anyhow::Result<Option<Self>> {
        let works = |engine: &&str| sh::output(Command::new(*engine).arg("info")).is_ok();
        let Some(engine) = ["podman", "docker"].into_iter().filter(|one| sh::has(one)).find(works)
        else {
            return Ok(None);
        };
        sh::step(format_args!("start RabbitMQ in a container of {engine} for the tests"));
        let run = ["run", "--detach", "--rm", "--publish", "127.0.0.1::5672", IMAGE];
        let id = sh::output(Command::new(engine).args(run))?.trim().to_owned();
        let mut container = Self { port: 0, engine, id };
        let published = sh::output(Command::new(engine).args(["port", &container.id, "5672/tcp"]))?;
        let port = published.lines().next().and_then(|line| line.rsplit_once(':'));
        container.port = port
            .and_then(|(_, port)| port.trim().parse().ok())
            .with_context(|| format!("{engine} says that the port is `{}`", published.trim()))?;
        // The engine takes connections before the broker does.
        let startup = ["exec", &container.id, "rabbitmqctl", "await_startup"];
        while sh::output(Command::new(engine).args(startup)).is_err() {
            sh::output(Command::new(engine).args(["inspect", &container.id]))
                .context("the container ended while it was starting")?;
        }
        wait_for(container.port, || false)?;
        Ok(Some(container))
    }

    /// The command line that controls it.
    pub(super) fn ctl(&self) -> String {
        format!("{} exec {} rabbitmqctl", self.engine, self.id)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = sh::output(Command::new(self.engine).args(["rm", "--force", &self.id]));
    }
}
