//! Hands tasks to Celery workers, through RabbitMQ.
//!
//! A dispatcher is a worker that passes on what it pops: a task is popped, sent in Celery's message
//! protocol 2 under its own id, and counts as handed over when the broker confirms it. If it does
//! not, the task goes back at once. From then on it is as with any worker: whoever runs the task
//! reports its status over the API, and a task that nobody reports on comes back when its lease ends.

mod celery;
mod dispatcher;
mod link;
mod status;

pub use dispatcher::{Dispatcher, DispatcherOptions};
pub use hinny_amqp::Address;
