//! A message as it comes from RabbitMQ.

use hinny_core::{EventId, Timestamp, trigger::Message};
use lapin::{
    BasicProperties,
    message::Delivery as Raw,
    types::{AMQPValue, FieldTable, ShortString},
};

use super::RabbitQueue;
use crate::delivery::{Delivery, mark};

/// What came.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) message: Message,
    pub(super) mark: EventId,
    /// Whether the broker may have sent it before.
    pub(super) repeated: bool,
    /// Whether the sender gave it an id, so that it is the same however often it is sent.
    pub(super) named: bool,
}

/// A message that came, under the number that acknowledges it.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) tag: u64,
    pub(super) delivery: Delivery,
    /// Whether its mark stays, since its sender may send it again.
    pub(super) named: bool,
    /// Whether it is one that was handled in an earlier session, as far as is known.
    pub(super) returned: bool,
}

impl Content {
    /// Reads what came.
    pub(super) fn of(raw: Raw, queue: &RabbitQueue, (id, at): (EventId, Timestamp)) -> Self {
        let name = raw.properties.message_id().as_ref().map(ShortString::as_str);
        let name = name.filter(|name| !name.is_empty());
        let mark = match name {
            Some(name) => mark(&queue.queue, "id", name.as_bytes()),
            None => mark(&queue.queue, "body", &raw.data),
        };
        let named = name.is_some();
        let content_type = raw.properties.content_type().as_ref().map(ToString::to_string);
        let message = Message {
            id,
            source: queue.source.clone(),
            at,
            content_type: content_type.unwrap_or_default(),
            attributes: attributes(&raw.properties),
            body: raw.data,
            delivery: 1,
        };
        Self { message, mark, repeated: raw.redelivered, named }
    }
}

/// Properties and headers that can be told as text.
fn attributes(properties: &BasicProperties) -> Vec<(String, String)> {
    let known = [
        ("message_id", properties.message_id()),
        ("correlation_id", properties.correlation_id()),
        ("type", properties.kind()),
        ("app_id", properties.app_id()),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.as_ref()?.to_string())));
    let headers = properties.headers().iter().flat_map(FieldTable::inner);
    let headers = headers.filter_map(|(name, value)| Some((name.to_string(), text(value)?)));
    known.chain(headers).collect()
}

fn text(value: &AMQPValue) -> Option<String> {
    Some(match value {
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::ShortShortInt(value) => value.to_string(),
        AMQPValue::ShortShortUInt(value) => value.to_string(),
        AMQPValue::ShortInt(value) => value.to_string(),
        AMQPValue::ShortUInt(value) => value.to_string(),
        AMQPValue::LongInt(value) => value.to_string(),
        AMQPValue::LongUInt(value) => value.to_string(),
        AMQPValue::LongLongInt(value) => value.to_string(),
        AMQPValue::Float(value) => value.to_string(),
        AMQPValue::Double(value) => value.to_string(),
        AMQPValue::Timestamp(value) => value.to_string(),
        AMQPValue::ShortString(value) => value.to_string(),
        AMQPValue::LongString(value) => String::from_utf8(value.as_bytes().to_vec()).ok()?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use lapin::types::{FieldTable, LongString};

    use super::*;
    use crate::fakes::second;

    fn content(properties: BasicProperties, body: &str) -> Content {
        let name = ShortString::try_new("orders").unwrap();
        let mut raw = Raw::mock(1, "".into(), name, false, body.as_bytes().to_vec());
        raw.properties = properties;
        let queue = RabbitQueue { queue: "orders".to_owned(), source: "shop".to_owned() };
        Content::of(raw, &queue, (EventId(uuid::Uuid::from_u128(7)), second(0)))
    }

    #[test]
    fn a_message_with_an_id_is_the_same_whatever_its_body() {
        let named = || BasicProperties::default().with_message_id("7".into());
        let (one, other) = (content(named(), "a"), content(named(), "b"));
        assert!(one.named && one.mark == other.mark);
        let (one, other) =
            (content(BasicProperties::default(), "a"), content(BasicProperties::default(), "b"));
        assert!(!one.named && one.mark != other.mark);
    }

    #[test]
    fn headers_and_properties_become_attributes() {
        let mut headers = FieldTable::default();
        headers.insert("tries".into(), AMQPValue::LongInt(3));
        headers.insert("from".into(), AMQPValue::LongString(LongString::from("till")));
        headers.insert("odd".into(), AMQPValue::Void);
        let properties = BasicProperties::default()
            .with_content_type("text/plain".into())
            .with_correlation_id("c".into())
            .with_headers(headers);
        let message = content(properties, "hello").message;
        assert_eq!(
            (message.source.as_str(), message.content_type.as_str()),
            ("shop", "text/plain")
        );
        let attributes = [("correlation_id", "c"), ("from", "till"), ("tries", "3")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(message.attributes, attributes);
    }
}
