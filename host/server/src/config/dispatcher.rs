//! `[[dispatchers]]`: tasks that are handed to Celery workers.

use hinny_core::SchedulerId;
use hinny_dispatch::DispatcherOptions;

use super::{
    ConfigError,
    database::masked,
    section::{kind, section},
};

section! {
    /// Hands the tasks of a scheduler to Celery workers through RabbitMQ. Write one
    /// `[[dispatchers]]` for each. Workers report over the API, as all do; the lease counts from the
    /// moment at which a task is handed over, so it has to last for the time in the broker, too.
    pub struct DispatcherConfig {
        /// Whose tasks.
        scheduler (required): String = "jobs".to_owned(),
        /// Where RabbitMQ is; without one, `rabbitmq.url`.
        url: Option<String> = None,
        /// The queue that the Celery workers read.
        queue: String = "celery".to_owned(),
        /// The name of the Celery task that they run. Its only argument is the data of the task.
        task (required): String = "work".to_owned(),
        /// Most tasks of the scheduler that are dispatched or running. What waits in RabbitMQ is not
        /// ranked any more.
        in_flight_max (1..=1_000_000): u32 = 100,
    }
}

kind! {
    Vec<DispatcherConfig>: "a list of tables",
}

impl DispatcherConfig {
    /// Checks what types cannot; `broker` is where RabbitMQ is for those that do not say it.
    pub(crate) fn validate(&self, place: usize, broker: Option<&str>) -> Result<(), ConfigError> {
        let key = |name: &str| format!("dispatchers[{place}].{name}");
        self.check_ranges(&format!("dispatchers[{place}]"))?;
        for (name, value) in [("queue", &self.queue), ("task", &self.task)] {
            // What AMQP has room for.
            ConfigError::unless((1..=255).contains(&value.len()), &key(name), value, || {
                ("it is not 1 to 255 bytes long", "write the name that the Celery workers know")
            })?;
        }
        self.options(place, broker).map(|_| ())
    }

    /// What the dispatcher does.
    pub(crate) fn options(
        &self,
        place: usize,
        broker: Option<&str>,
    ) -> Result<DispatcherOptions, ConfigError> {
        let key = |name: &str| format!("dispatchers[{place}].{name}");
        let invalid = |name: &str, value: &str, why: &str, hint: &str| {
            ConfigError::invalid(&key(name), value, why, hint)
        };
        let scheduler = SchedulerId::new(self.scheduler.as_str()).map_err(|_| {
            invalid("scheduler", &self.scheduler, "it is not a name", "write the id of a scheduler")
        })?;
        let url = self
            .url
            .as_deref()
            .or(broker)
            .ok_or_else(|| invalid("url", "", "it is not set", "set it, or `rabbitmq.url`"))?;
        let address = url.parse().map_err(|_| {
            let hint = "it is like `amqp://user:password@host:5672/vhost`";
            invalid("url", &masked(url), "it is not the address of RabbitMQ", hint)
        })?;
        Ok(DispatcherOptions {
            scheduler,
            address,
            queue: self.queue.clone(),
            task: self.task.clone(),
            in_flight_max: self.in_flight_max,
        })
    }

    /// The URL without its password.
    pub(crate) fn masked_url(&self) -> Option<String> {
        self.url.as_deref().map(masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_broker_of_its_own_the_one_for_messages_is_used() {
        let config = DispatcherConfig::default();
        let options = config.options(0, Some("amqp://broker/work")).unwrap();
        assert_eq!(options.address.to_string(), "RabbitMQ at `broker:5672`, virtual host `work`");
        let refused = config.validate(0, None).unwrap_err();
        insta::assert_snapshot!(refused, @"`dispatchers[0].url` is ``: it is not set; hint: set it, or `rabbitmq.url`");
    }

    #[test]
    fn a_celery_task_has_a_name() {
        let config = DispatcherConfig { task: String::new(), ..DispatcherConfig::default() };
        let refused = config.validate(3, Some("amqp://broker")).unwrap_err();
        insta::assert_snapshot!(refused, @"`dispatchers[3].task` is ``: it is not 1 to 255 bytes long; hint: write the name that the Celery workers know");
    }
}
