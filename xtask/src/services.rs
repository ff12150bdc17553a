//! What tests need besides the host: real services, started for them and ended after them.

pub(crate) mod celery;
pub(crate) mod rabbitmq;
