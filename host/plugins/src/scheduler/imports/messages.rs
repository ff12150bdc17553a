//! Messages of a plugin to itself: kept with the trigger's commands, or not at all.

use hinny_core::{Timestamp, command::OwnMessage};

use super::Guest;
use crate::{
    bindings::scheduler::hinny::plugin::messages::{Host, Outgoing, SendError},
    text,
};

/// Longest body, in bytes; part of the contract in `wit/messages.wit`, like the one below.
const BODY_BYTES: usize = 65_536;
/// Most messages sent in one call.
const MESSAGES: usize = 1_000;

/// What a call has sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    open: bool,
    sent: Vec<OwnMessage>,
}

impl Outbox {
    pub(super) fn new(open: bool) -> Self {
        Self { open, sent: Vec::new() }
    }

    pub(super) fn take(&mut self) -> Vec<OwnMessage> {
        std::mem::take(&mut self.sent)
    }

    fn send(&mut self, message: Outgoing, sources: &[String]) -> Result<(), SendError> {
        if !self.open {
            let why = "messages are sent only while a trigger is handled";
            return Err(SendError::Other(why.to_owned()));
        }
        if !sources.contains(&message.source) {
            let source = text::shown(&message.source, 256);
            return Err(SendError::UnwantedSource(format!(
                "the plugin does not want messages of `{source}`; hint: name the source among its interests"
            )));
        }
        let bytes = message.body.len();
        if bytes > BODY_BYTES {
            let why = format!("the body has {bytes} bytes, at most {BODY_BYTES} are allowed");
            return Err(SendError::TooLarge(why));
        }
        if self.sent.len() >= MESSAGES {
            let why = format!("more than {MESSAGES} messages are sent in one call");
            return Err(SendError::TooLarge(why));
        }
        let Outgoing { source, body, not_before } = message;
        let not_before = not_before.map(Timestamp::from_millis);
        self.sent.push(OwnMessage { source, body, not_before });
        Ok(())
    }
}

impl Host for Guest {
    async fn send(&mut self, message: Outgoing) -> Result<(), SendError> {
        let sources = self.services.as_ref().map_or(&[][..], |services| &services.sources);
        self.outbox.send(message, sources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(source: &str, bytes: usize) -> Outgoing {
        Outgoing { source: source.to_owned(), body: vec![0; bytes], not_before: None }
    }

    #[test]
    fn a_call_sends_no_more_than_the_contract_says() {
        let sources = ["pages".to_owned()];
        let mut outbox = Outbox::new(true);
        for _ in 0..MESSAGES {
            outbox.send(outgoing("pages", BODY_BYTES), &sources).unwrap();
        }
        let refused = outbox.send(outgoing("pages", 0), &sources).unwrap_err();
        assert!(matches!(refused, SendError::TooLarge(_)), "{refused:?}");
        assert_eq!(outbox.take().len(), MESSAGES);
    }

    #[test]
    fn a_message_that_could_not_come_back_is_not_taken() {
        let sources = ["pages".to_owned()];
        let refused = Outbox::new(true).send(outgoing("moon", 0), &sources).unwrap_err();
        assert!(matches!(refused, SendError::UnwantedSource(_)), "{refused:?}");
        let refused = Outbox::new(true).send(outgoing("pages", BODY_BYTES + 1), &sources);
        assert!(matches!(refused, Err(SendError::TooLarge(_))), "{refused:?}");
        let refused = Outbox::new(false).send(outgoing("pages", 0), &sources).unwrap_err();
        assert!(matches!(refused, SendError::Other(_)), "{refused:?}");
    }
}
