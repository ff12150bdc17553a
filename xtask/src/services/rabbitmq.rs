//! RabbitMQ: a broker of our own, which ends with its tests.
//!
//! The one that `HINNY_TEST_RABBITMQ_URL` names, else one started from the program of this machine,
//! which is installed where that is possible, else a container.

mod container;
mod install;
mod node;

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::sh;
use container::Container;
use node::Node;

/// Names the broker that tests use, if there is one already.
const URL: &str = "HINNY_TEST_RABBITMQ_URL";

/// Names the command that controls it.
const CTL: &str = "HINNY_TEST_RABBITMQCTL";

/// How long a broker may take to start.
const START_MAX: Duration = Duration::from_mins(2);

/// A broker. One that was started here ends when this is dropped.
pub(crate) struct Rabbitmq {
    variables: Vec<(&'static str, String)>,
    _started: Option<Started>,
}

#[expect(dead_code, reason = "it is held until the tests are over, and ends when it is dropped")]
enum Started {
    Node(Node),
    Container(Container),
}

impl Rabbitmq {
    /// Finds or starts one.
    pub(crate) fn start() -> anyhow::Result<Self> {
        if sh::variable(URL).is_some() {
            return Ok(Self { variables: Vec::new(), _started: None });
        }
        if let Some(programs) = install::find_or_install()? {
            sh::step("start RabbitMQ for the tests");
            let node = Node::start(&programs)?;
            let variables = variables(node.port, node.ctl(&programs));
            return Ok(Self { variables, _started: Some(Started::Node(node)) });
        }
        if let Some(container) = Container::start()? {
            let variables = variables(container.port, container.ctl());
            return Ok(Self { variables, _started: Some(Started::Container(container)) });
        }
        bail!(
            "the tests need RabbitMQ, and it is not here; hint: install `rabbitmq-server` or a \
             container engine, or set {URL} to the address of a broker, such as \
             `amqp://guest:guest@127.0.0.1:5672/%2f`, and {CTL} to the command line of its `rabbitmqctl`"
        )
    }

    /// Where it is.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        let ours = self.variables.iter().find(|(name, _)| *name == URL);
        let others = || sh::variable(URL)?.into_string().ok();
        ours.map(|(_, url)| url.clone())
            .or_else(others)
            .with_context(|| format!("{URL} is not text"))
    }

    /// What tells tests where it is.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

fn variables(port: u16, ctl: String) -> Vec<(&'static str, String)> {
    vec![(URL, format!("amqp://guest:guest@127.0.0.1:{port}/%2f")), (CTL, ctl)]
}

/// Waits until a broker takes connections; `ended` says that it never will.
fn wait_for(port: u16, mut ended: impl FnMut() -> bool) -> anyhow::Result<()> {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if ended() {
            bail!("RabbitMQ ended while it was starting");
        }
        if started.elapsed() > START_MAX {
            bail!("RabbitMQ did not start within {} s", START_MAX.as_secs());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
