//! Where a broker is.

use std::{fmt, str::FromStr};

use lapin::uri::AMQPUri;

/// Where a broker is: `amqp://user:password@host:port/vhost`. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Box<AMQPUri>);

/// Text that is not the address of a broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not the address of a broker: {0}")]
pub struct InvalidAddress(String);

impl Address {
    pub(crate) fn uri(&self) -> AMQPUri {
        AMQPUri::clone(&self.0)
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let mut uri: AMQPUri = text.parse().map_err(InvalidAddress)?;
        // As most clients have it: `amqp://host/` is the virtual host that every broker has.
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        Ok(Self(Box::new(uri)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { authority, vhost, .. } = &*self.0;
        write!(f, "RabbitMQ at `{}:{}`, virtual host `{vhost}`", authority.host, authority.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address: Address = "amqp://me:secret@broker:5673/kat".parse().unwrap();
        assert_eq!(format!("{address:?}"), "RabbitMQ at `broker:5673`, virtual host `kat`");
    }

    #[test]
    fn without_a_virtual_host_the_usual_one_is_meant() {
        for text in ["amqp://broker", "amqp://broker/", "amqp://broker/%2f"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), "RabbitMQ at `broker:5672`, virtual host `/`");
        }
        assert!("http://broker".parse::<Address>().is_err());
    }
}
