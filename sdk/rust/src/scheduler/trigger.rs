//! What comes in: drafts and triggers, read conveniently.

use super::{Admitted, Draft, Failure, Message, Rejection};

impl Draft {
    /// Takes the draft as it was sent, with the id that was sent or else the fresh one.
    pub fn admit_as(&self, hash: impl Into<String>) -> Admitted {
        Admitted {
            id: self.sent_id.clone().unwrap_or_else(|| self.fresh_id.clone()),
            hash: hash.into(),
            data: self.data.clone(),
            priority: self.priority,
        }
    }
}

impl Rejection {
    /// Rejects a draft as a whole; say how to mend it.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), field: String::new() }
    }

    /// Rejects a draft for one place in its data, as a JSON pointer.
    pub fn at(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), field: field.into() }
    }
}

impl Message {
    /// The body as text. What is not UTF-8 is a reason to reject the message.
    pub fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(&self.body).map_err(|error| {
            let at = error.valid_up_to();
            Failure::reject(format!("the body is not UTF-8: bad byte at offset {at}"))
        })
    }

    /// The first attribute of a name, whatever its case.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}
