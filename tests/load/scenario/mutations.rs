//! Messages through RabbitMQ that become tasks.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, QueueDeclareOptions},
    types::FieldTable,
};
use serde::Deserialize;

use crate::{
    client::Client,
    openkat::mutation::{Made, Mutations as Expected, QUEUE},
    outcome::Outcome,
    target::Target,
    timing::Timing,
};

/// Publish that scan profiles were made, wait until all tasks of that are queued, and pop them to
/// see that they are the right ones.
#[derive(Debug, Args)]
pub(crate) struct Mutations {
    /// The broker: `amqp://user:password@host:port/vhost`.
    #[arg(long)]
    broker: String,
    /// Objects whose profile is made. Each becomes a task for each boefje.
    #[arg(long, default_value_t = 5_000)]
    messages: usize,
}

/// Between two looks at the queue.
const LOOK: Duration = Duration::from_millis(5);

/// Longest time in which nothing is queued before the rest counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tasks per pop, when the queue is emptied.
const LIMIT: u32 = 500;

#[derive(Deserialize)]
struct Popped {
    results: Vec<Made>,
}

impl Mutations {
    /// Does it. The queue must be empty before.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let mut client = target.connect().await?;
        let before = target.queue(&mut client).await?.queued;
        if before > 0 {
            bail!("`{}` has {before} queued tasks; hint: drain it first", target.scheduler);
        }
        let mut expected = Expected::new(self.messages);
        let (_connection, channel) = connect(&self.broker).await?;
        let began = Instant::now();
        publish(&channel, &expected).await?;
        let published = began.elapsed().as_secs_f64();
        let queued = until_queued(target, &mut client, expected.tasks() as u64).await?;
        let seconds = began.elapsed().as_secs_f64();
        let strange = drain(target, &mut client, &mut expected).await?;
        let left = target.queue(&mut client).await?.queued;
        let rate = queued as f64 / seconds;
        Ok(Outcome::new("mutations", expected.tasks(), rate, &mut Timing::default())
            .with("messages per second", self.messages as f64 / seconds)
            .with("published within, ms", published * 1000.0)
            .violated_by(expected.violations())
            .violated_by(strange)
            .violated_by(if left > 0 { vec![format!("{left} tasks too many")] } else { vec![] }))
    }
}

/// The connection, which must live as long as the channel, and the channel.
async fn connect(broker: &str) -> anyhow::Result<(Connection, Channel)> {
    let connection = Connection::connect(broker, ConnectionProperties::default()).await;
    let connection = connection.with_context(|| format!("cannot connect to {broker}"))?;
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), options, FieldTable::default()).await?;
    Ok((connection, channel))
}

/// Sends everything, durable, as Octopoes does.
async fn publish(channel: &Channel, expected: &Expected) -> anyhow::Result<()> {
    let properties = BasicProperties::default().with_delivery_mode(2);
    for body in expected.messages() {
        let options = BasicPublishOptions::default();
        let sent = channel.basic_publish(
            "".into(),
            QUEUE.into(),
            options,
            body.as_bytes(),
            properties.clone(),
        );
        sent.await.context("the broker takes no messages")?;
    }
    Ok(())
}

/// Waits until so many tasks are queued, or no more come; the answer is how many there are.
async fn until_queued(target: &Target, client: &mut Client, tasks: u64) -> anyhow::Result<u64> {
    let (mut queued, mut since) = (0, Instant::now());
    while queued < tasks && since.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
        let now = target.queue(client).await?.queued;
        if now != queued {
            (queued, since) = (now, Instant::now());
        }
    }
    Ok(queued)
}

/// Pops everything and notes what it is; the answer is what is none of the expected, in words.
async fn drain(
    target: &Target,
    client: &mut Client,
    expected: &mut Expected,
) -> anyhow::Result<Vec<String>> {
    let path = target.path(&format!("/pop?limit={LIMIT}"));
    let mut strange = Vec::new();
    loop {
        let answer = client.send(hyper::Method::POST, &path, None).await?;
        let popped: Popped = serde_json::from_slice(answer.expect(200)?)?;
        if popped.results.is_empty() {
            return Ok(strange);
        }
        let others = popped.results.iter().filter(|task| !expected.note(task));
        strange.extend(others.map(|task| format!("nobody asked for {task:?}")));
    }
}
