//! What the fuzzer calls: see `tests/fuzz/README.md`. It panics when something does not hold.

use hinny_core::{EventId, Timestamp};
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable, LongString, ShortString},
};
use uuid::Uuid;

use super::{RabbitQueue, arrival::Content};

/// A message that a broker delivers: its body and headers come through as they are, and its mark
/// depends on nothing else.
pub fn delivery(bytes: &[u8]) {
    let queue = RabbitQueue { queue: "orders".to_owned(), source: "shop".to_owned() };
    let read = |number: u128| {
        let when = (EventId(Uuid::from_u128(number)), Timestamp::from_micros(number as i64));
        Content::of(raw(bytes), &queue, when)
    };
    let (one, other) = (read(1), read(2));
    assert_eq!(one.message.body, bytes);
    assert_eq!(one.mark, other.mark, "the same message has another mark");
    assert_eq!(one.message.attributes, other.message.attributes);
    let text = std::str::from_utf8(bytes).ok();
    let header = one.message.attributes.iter().find(|(name, _)| name == "body");
    assert_eq!(header.map(|(_, value)| value.as_str()), text, "a header that is text is told");
}

/// A delivery with the bytes as its body, as a header, and as its id where they are short.
fn raw(bytes: &[u8]) -> Delivery {
    let name = ShortString::try_new("orders").expect("it is short");
    let mut raw = Delivery::mock(1, "".into(), name, false, bytes.to_vec());
    let mut headers = FieldTable::default();
    headers.insert("body".into(), AMQPValue::LongString(LongString::from(bytes.to_vec())));
    headers.insert("number".into(), AMQPValue::Double(bytes.len() as f64));
    raw.properties = BasicProperties::default().with_headers(headers);
    if let Some(id) = std::str::from_utf8(bytes).ok().and_then(|id| ShortString::try_new(id).ok()) {
        raw.properties = raw.properties.with_message_id(id);
    }
    raw
}

#[cfg(test)]
#[path = "../../../../tests/fuzz/kept.rs"]
mod kept;

#[test]
fn what_the_fuzzer_kept_of_messages_holds() {
    kept::each("message", delivery);
}
