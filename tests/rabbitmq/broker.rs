//! The broker as a test sees it.

use std::{process::Command, time::Duration};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A variable that says what a test needs.
fn needed(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set; hint: run the tests with `cargo xtask test`, it starts a broker")
    })
}

/// The broker as it is now: whoever uses it shares it, whoever restarts it has it alone.
static BROKER: RwLock<()> = RwLock::const_new(());

/// The right to use the broker.
pub(crate) async fn shared() -> RwLockReadGuard<'static, ()> {
    BROKER.read().await
}

/// The right to restart it.
pub(super) async fn alone() -> RwLockWriteGuard<'static, ()> {
    BROKER.write().await
}

/// Where the broker is.
pub(crate) fn url() -> String {
    needed("HINNY_TEST_RABBITMQ_URL")
}

/// Runs `rabbitmqctl`; the answer is what it prints.
pub(super) fn rabbitmqctl(arguments: &[&str]) -> String {
    let line = needed("HINNY_TEST_RABBITMQCTL");
    let command = format!("{line} {}", arguments.join(" "));
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A connection of the test's own to the broker.
pub(crate) struct Broker {
    _connection: Connection,
    channel: Channel,
}

impl Broker {
    pub(crate) async fn connect() -> Self {
        let properties = ConnectionProperties::default();
        let connection = Connection::connect(&url(), properties).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { _connection: connection, channel }
    }

    pub(crate) async fn declare(&self, queue: &str, durable: bool) {
        let options = QueueDeclareOptions { durable, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(queue.into(), options, FieldTable::default()).await.unwrap();
    }

    pub(crate) async fn delete(&self, queue: &str) {
        let options = QueueDeleteOptions::default();
        self.channel.queue_delete(queue.into(), options).await.unwrap();
    }

    /// Sends durable messages, and returns when the broker has them.
    pub(crate) async fn send(&self, queue: &str, bodies: &[String]) {
        self.send_with(queue, bodies, &BasicProperties::default().with_delivery_mode(2)).await;
    }

    pub(crate) async fn send_with(
        &self,
        queue: &str,
        bodies: &[String],
        properties: &BasicProperties,
    ) {
        let mut confirms = Vec::new();
        for body in bodies {
            let options = BasicPublishOptions::default();
            let sent = self.channel.basic_publish(
                "".into(),
                queue.into(),
                options,
                body.as_bytes(),
                properties.clone(),
            );
            confirms.push(sent.await.unwrap());
        }
        for confirm in confirms {
            assert!(confirm.await.unwrap().is_ack());
        }
    }

    /// How many messages a queue has, without those that are being handled.
    pub(crate) async fn ready(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let declared = self.channel.queue_declare(queue.into(), options, FieldTable::default());
        declared.await.unwrap().message_count()
    }
}

/// Waits until something is so; ends the test when that takes too long.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, so: impl FnMut() -> F) {
    assert!(comes(Duration::from_mins(1), so).await, "{what}");
}

/// Waits until something is so; false: that takes too long.
pub(super) async fn comes<F: Future<Output = bool>>(
    within: Duration,
    mut so: impl FnMut() -> F,
) -> bool {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(within, waiting).await.is_ok()
}
