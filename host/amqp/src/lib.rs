//! Connections to RabbitMQ, for what listens to it and what sends to it: where a broker is, and a
//! line to it on which nothing is waited for in vain.

mod address;
mod line;

pub use address::{Address, InvalidAddress};
pub use line::{Line, closed};
