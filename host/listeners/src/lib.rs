//! What wakes the schedulers of hinny: events, timers, finished tasks.
//!
//! Every trigger goes through [`hinny_core::queue::Queues::trigger`], under a guard that makes it
//! count once: a repeated delivery, a second host or a crash at any moment cannot make it count
//! twice. What the database has not committed was not acknowledged, and is looked for again.

mod backoff;
mod bounded;
mod decision;
mod delivery;
mod due;
mod events;
mod fate;
mod finished;
mod kept;
mod listeners;
mod pulse;
mod rabbitmq;
mod retries;
mod ticks;
mod trigger;

#[cfg(test)]
mod fakes;

pub use events::EventInbox;
pub use hinny_amqp::Address;
pub use listeners::{Deps, Listeners};
#[cfg(any(test, fuzzing))]
pub use rabbitmq::fuzzing;
pub use rabbitmq::{Rabbit, RabbitOptions, RabbitQueue};
pub use trigger::Mail;
