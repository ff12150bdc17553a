//! SIGKILL while messages of a broker are handled.

use std::{collections::BTreeMap, process::Command, thread, time::Duration};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    api::Api,
    crowd::path,
    home::{Home, SOURCE},
};

/// Hosts that are killed.
const ROUNDS: u64 = 6;

/// Messages that are sent in each round.
const MESSAGES: u64 = 300;

#[test]
fn a_host_that_is_killed_while_it_handles_messages_loses_and_doubles_none() {
    let (url, runtime) = (url(), runtime());
    let queue = format!("crash-{}", uuid::Uuid::now_v7().simple());
    let broker = runtime.block_on(Broker::connect(&url, &queue));
    let (home, mut popped) = (Home::new(), BTreeMap::new());
    for round in 0..ROUNDS {
        let host = home.start_by(command(&url, Some(&queue)));
        runtime.block_on(broker.send(messages(round * MESSAGES..(round + 1) * MESSAGES)));
        // From "nothing yet" to "most of it".
        thread::sleep(Duration::from_millis(30 + 60 * round));
        host.kill();
        // What was handled is taken off the queue, so that a message that were handled again would
        // not meet its own task there.
        let quiet = home.start_by(command(&url, None));
        pop_all(&quiet.api(), &mut popped);
        quiet.kill();
    }
    let host = home.start_by(command(&url, Some(&queue)));
    let api = host.api();
    for _ in 0..600 {
        pop_all(&api, &mut popped);
        if popped.len() as u64 >= ROUNDS * MESSAGES && runtime.block_on(broker.is_empty()) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    // One more that comes behind all others: when it is handled, so are they.
    runtime.block_on(broker.send(messages(u64::MAX / 2..u64::MAX / 2 + 1)));
    for _ in 0..600 {
        pop_all(&api, &mut popped);
        if popped.contains_key(&(u64::MAX / 2)) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    host.kill();
    runtime.block_on(broker.delete());
    let doubled: Vec<_> = popped.iter().filter(|(_, times)| **times != 1).collect();
    assert!(doubled.is_empty(), "handled twice: {doubled:?}");
    assert_eq!(popped.len() as u64, ROUNDS * MESSAGES + 1, "some were lost");
}

fn messages(numbers: std::ops::Range<u64>) -> impl Iterator<Item = Value> {
    numbers.map(|number| json!({ "organisation": "acme", "data": { "n": number } }))
}

/// Where the broker is.
#[expect(clippy::disallowed_methods, reason = "where the broker is, is told by whoever runs tests")]
pub(crate) fn url() -> String {
    std::env::var("HINNY_TEST_RABBITMQ_URL").unwrap_or_else(|_| {
        panic!("HINNY_TEST_RABBITMQ_URL is not set; hint: run the tests with `cargo xtask test`, it starts a broker")
    })
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// A host that takes messages of a queue, or of none.
fn command(url: &str, queue: Option<&str>) -> Command {
    let queues: Vec<_> = queue.map(|queue| (queue, SOURCE)).into_iter().collect();
    listening(url, &queues)
}

/// A host that takes messages of queues, each with what the messages are called.
pub(crate) fn listening(url: &str, queues: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    let queues = queues
        .iter()
        .map(|(queue, source)| format!("{{ queue = \"{queue}\", source = \"{source}\" }}"));
    let queues: Vec<_> = queues.collect();
    command.env("HINNY_RABBITMQ__URL", url);
    command.env("HINNY_RABBITMQ__QUEUES", format!("[{}]", queues.join(", ")));
    command
}

/// Takes everything off the queue, and counts how often each number comes.
fn pop_all(api: &Api, popped: &mut BTreeMap<u64, u32>) {
    loop {
        let (status, answer) = api.post(&path("pop?limit=500"), &Value::Null).expect("it is up");
        assert_eq!(status, 200, "{answer}");
        let tasks = answer["results"].as_array().unwrap();
        if tasks.is_empty() {
            return;
        }
        for task in tasks {
            *popped.entry(task["data"]["n"].as_u64().unwrap()).or_default() += 1;
        }
    }
}

/// A queue of a broker.
pub(crate) struct Broker {
    _connection: Connection,
    channel: Channel,
    queue: String,
}

impl Broker {
    pub(crate) async fn connect(url: &str, queue: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let options = QueueDeclareOptions::durable();
        channel.queue_declare(queue.into(), options, FieldTable::default()).await.unwrap();
        Self { _connection: connection, channel, queue: queue.to_owned() }
    }

    pub(crate) async fn send(&self, bodies: impl Iterator<Item = Value>) {
        let mut confirms = Vec::new();
        for body in bodies.map(|body| body.to_string()) {
            let sent = self.channel.basic_publish(
                "".into(),
                self.queue.as_str().into(),
                BasicPublishOptions::default(),
                body.as_bytes(),
                BasicProperties::default().with_delivery_mode(2),
            );
            confirms.push(sent.await.unwrap());
        }
        for confirm in confirms {
            assert!(confirm.await.unwrap().is_ack());
        }
    }

    pub(crate) async fn is_empty(&self) -> bool {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = self.queue.as_str().into();
        let declared = self.channel.queue_declare(queue, options, FieldTable::default()).await;
        declared.unwrap().message_count() == 0
    }

    pub(crate) async fn delete(&self) {
        let options = QueueDeleteOptions::default();
        self.channel.queue_delete(self.queue.as_str().into(), options).await.unwrap();
    }
}
