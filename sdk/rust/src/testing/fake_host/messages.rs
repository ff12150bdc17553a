//! Messages of the plugin to itself.

use super::{Call, FakeHost, WORLD};
use crate::messages::{Outgoing, SendError};

/// Longest body, in bytes.
const BODY_BYTES_MAX: usize = 65_536;
/// Most messages in one call.
const MESSAGES_MAX: usize = 1000;

/// What was sent.
#[derive(Default)]
pub(super) struct Outbox {
    sent: Vec<Outgoing>,
    /// Where the messages of the current call begin.
    call_start: usize,
}

impl FakeHost {
    /// What the plugin sent to itself so far, in order; not what calls sent that failed.
    pub fn messages() -> Vec<Outgoing> {
        WORLD.with_borrow(|world| world.outbox.sent.clone())
    }

    /// Takes what the plugin sent to itself so far, to hand it back as the host would:
    /// `plugin.message(&sent.source, sent.body)`.
    pub fn take_messages() -> Vec<Outgoing> {
        WORLD.with_borrow_mut(|world| {
            world.outbox.call_start = 0;
            std::mem::take(&mut world.outbox.sent)
        })
    }

    pub(crate) fn send_message(message: Outgoing) -> Result<(), SendError> {
        WORLD.with_borrow_mut(|world| {
            match &world.call {
                Some(Call::Admit) => {
                    let why = "messages are sent only while a trigger is handled";
                    return Err(SendError::Other(why.to_owned()));
                }
                Some(Call::Handle { sources }) if !sources.contains(&message.source) => {
                    let why = format!("the plugin does not want messages of `{}`", message.source);
                    return Err(SendError::UnwantedSource(why));
                }
                _ => {}
            }
            world.outbox.take(message)
        })
    }
}

impl Outbox {
    pub(super) fn begin_call(&mut self) -> usize {
        self.call_start = self.sent.len();
        self.call_start
    }

    pub(super) fn forget_since(&mut self, start: usize) {
        self.sent.truncate(start);
    }

    fn take(&mut self, message: Outgoing) -> Result<(), SendError> {
        let bytes = message.body.len();
        if bytes > BODY_BYTES_MAX {
            let why = format!("the body has {bytes} bytes, at most {BODY_BYTES_MAX} are allowed");
            return Err(SendError::TooLarge(why));
        }
        if self.sent.len() - self.call_start >= MESSAGES_MAX {
            let why = format!("more than {MESSAGES_MAX} messages are sent in one call");
            return Err(SendError::TooLarge(why));
        }
        self.sent.push(message);
        Ok(())
    }
}
