//! `[rabbitmq]`: messages that come through RabbitMQ.

use std::collections::BTreeSet;

use hinny_listeners::{Address, RabbitOptions, RabbitQueue};

use super::{
    ConfigError,
    database::masked,
    section::{kind, section},
};

section! {
    /// Messages that come through RabbitMQ: they go the way of those that come over HTTP. What is
    /// acknowledged was handled, or is kept by hinny.
    pub struct RabbitmqConfig {
        /// Where it is: `amqp://user:password@host:5672/vhost`, or `amqps://…`.
        url: Option<String> = None,
        /// Most messages of a queue that are taken without being acknowledged. When they cannot be
        /// handled, such as while the database is away, no more come.
        prefetch (1..=65_535): u32 = 100,
        /// The queues, see below.
        queues: Vec<RabbitmqQueueConfig> = Vec::new(),
    }
}

section! {
    /// A queue of RabbitMQ. It is declared as durable. While no scheduler wants messages of its
    /// source, they stay in it.
    pub struct RabbitmqQueueConfig {
        /// Its name.
        queue (required): String = String::new(),
        /// The source that its messages have for scheduler plugins; without one, the queue's name.
        source: Option<String> = None,
    }
}

kind! {
    Vec<RabbitmqQueueConfig>: "a list of tables",
}

impl RabbitmqConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.check_ranges("rabbitmq")?;
        self.options()?;
        let mut seen = BTreeSet::new();
        for (place, queue) in self.queues.iter().enumerate() {
            let key = format!("rabbitmq.queues[{place}].queue");
            // What AMQP has room for.
            ConfigError::unless(
                (1..=255).contains(&queue.queue.len()),
                &key,
                &queue.queue,
                || {
                    (
                        "it is not 1 to 255 bytes long",
                        "write the name that the queue has in RabbitMQ",
                    )
                },
            )?;
            ConfigError::unless(seen.insert(&queue.queue), &key, &queue.queue, || {
                ("the queue is there twice", "its messages have one source: remove one")
            })?;
        }
        Ok(())
    }

    /// What to listen to; none: nothing.
    pub fn options(&self) -> Result<Option<RabbitOptions>, ConfigError> {
        let Some(url) = self.url.as_ref().filter(|_| !self.queues.is_empty()) else {
            let lacks = self.queues.is_empty();
            ConfigError::unless(lacks, "rabbitmq.url", "", || {
                ("it is not set, and there are queues", "write where RabbitMQ is")
            })?;
            return Ok(None);
        };
        let queue = |queue: &RabbitmqQueueConfig| RabbitQueue {
            queue: queue.queue.clone(),
            source: queue.source.as_ref().unwrap_or(&queue.queue).clone(),
        };
        Ok(Some(RabbitOptions {
            address: address("rabbitmq.url", url)?,
            prefetch: u16::try_from(self.prefetch).unwrap_or(u16::MAX),
            queues: self.queues.iter().map(queue).collect(),
        }))
    }

    /// The URL without its password.
    pub(crate) fn masked_url(&self) -> Option<String> {
        self.url.as_deref().map(masked)
    }
}

/// Reads where a broker is.
pub(super) fn address(key: &str, url: &str) -> Result<Address, ConfigError> {
    url.parse().map_err(|_| {
        let (why, hint) = (
            "it is not the address of RabbitMQ",
            "it is like `amqp://user:password@host:5672/vhost`",
        );
        ConfigError::invalid(key, masked(url), why, hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: Option<&str>, queues: &[&str]) -> RabbitmqConfig {
        let queue = |name: &&str| RabbitmqQueueConfig { queue: (*name).to_owned(), source: None };
        RabbitmqConfig {
            url: url.map(str::to_owned),
            queues: queues.iter().map(queue).collect(),
            ..RabbitmqConfig::default()
        }
    }

    #[test]
    fn without_queues_nothing_is_listened_to() {
        assert!(RabbitmqConfig::default().options().unwrap().is_none());
        assert!(config(Some("amqp://host"), &[]).options().unwrap().is_none());
    }

    #[test]
    fn a_source_is_called_as_its_queue_unless_it_has_a_name() {
        let mut config = config(Some("amqp://host"), &["a", "b"]);
        config.queues[1].source = Some("news".to_owned());
        let queues = config.options().unwrap().unwrap().queues;
        let sources: Vec<_> = queues.iter().map(|queue| queue.source.as_str()).collect();
        assert_eq!(sources, ["a", "news"]);
    }

    #[test]
    fn what_cannot_be_listened_to_is_refused() {
        let refused = |config: RabbitmqConfig| config.validate().unwrap_err().to_string();
        insta::assert_snapshot!(refused(config(None, &["a"])), @"`rabbitmq.url` is ``: it is not set, and there are queues; hint: write where RabbitMQ is");
        insta::assert_snapshot!(refused(config(Some("http://me:secret@host"), &["a"])), @"`rabbitmq.url` is `http://me:***@host`: it is not the address of RabbitMQ; hint: it is like `amqp://user:password@host:5672/vhost`");
        insta::assert_snapshot!(refused(config(Some("amqp://host"), &["a", "a"])), @"`rabbitmq.queues[1].queue` is `a`: the queue is there twice; hint: its messages have one source: remove one");
        insta::assert_snapshot!(refused(config(Some("amqp://host"), &[""])), @"`rabbitmq.queues[0].queue` is ``: it is not 1 to 255 bytes long; hint: write the name that the queue has in RabbitMQ");
    }
}
