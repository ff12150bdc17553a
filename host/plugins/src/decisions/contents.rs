//! What is in a segment, without reading the batches themselves.

use std::{ops::Range, sync::Arc};

use super::{
    record::{Entry, Head, Origin},
    segment::{FRAME_HEAD, Frames},
};

/// What is in a segment.
#[derive(Debug)]
pub(super) struct Contents {
    /// The batches, oldest first.
    pub(super) batches: Vec<Found>,
    /// The first place that cannot be read, and what is wrong there; nothing behind it is known.
    pub(super) damage: Option<(u64, &'static str)>,
}

/// A batch in a segment.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) origin: Arc<Origin>,
    pub(super) head: Head,
    /// Where its frame begins.
    pub(super) start: usize,
    /// Where the rest is.
    pub(super) body: Range<usize>,
}

impl Found {
    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        (self.body.end - self.start) as u64
    }
}

impl Contents {
    /// Looks through the bytes of a segment.
    pub(super) fn of(segment: &[u8]) -> Self {
        let mut frames = Frames::of(segment);
        let (mut origins, mut batches) = (Vec::new(), Vec::new());
        while let Some(frame) = frames.next() {
            if !take(segment, &frame, &mut origins, &mut batches) {
                frames.give_up(&frame, "a record is not of this version of hinny");
            }
        }
        Self { batches, damage: frames.damage() }
    }
}

/// Takes a frame; false when it makes no sense.
fn take(
    segment: &[u8],
    frame: &Range<usize>,
    origins: &mut Vec<Arc<Origin>>,
    batches: &mut Vec<Found>,
) -> bool {
    let said = segment.get(frame.clone()).unwrap_or_default();
    match Entry::decode(said) {
        Ok((Entry::Origin(number, stored), _)) if number as usize == origins.len() => {
            let origin = Origin::try_from(stored);
            origins.extend(origin.ok().map(Arc::new));
            origins.len() > number as usize
        }
        Ok((Entry::Batch(head), body)) => {
            let Some(origin) = origins.get(head.origin as usize) else { return false };
            let body = frame.end - body.len()..frame.end;
            let start = frame.start - FRAME_HEAD;
            batches.push(Found { origin: Arc::clone(origin), head, start, body });
            true
        }
        _ => false,
    }
}
