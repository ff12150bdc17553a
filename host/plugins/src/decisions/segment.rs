//! A file of decisions: a heading, then one frame after another.
//!
//! A frame is its length, a checksum of that, a checksum of what follows, and that. So what a kill
//! left unfinished at the end is told from what the disk made of a frame that was whole: the one is
//! the end, the other is damage.

use std::ops::Range;

/// First line of a segment; the number grows when the form of frames changes.
pub(super) const MAGIC: &[u8] = b"hinny decisions 1\n";

/// How many bytes come before what a frame says.
pub(super) const FRAME_HEAD: usize = 12;

/// Appends a frame.
pub(super) fn append(segment: &mut Vec<u8>, said: &[u8]) {
    let len = (said.len() as u32).to_le_bytes();
    segment.extend(len);
    segment.extend(crc32fast::hash(&len).to_le_bytes());
    segment.extend(crc32fast::hash(said).to_le_bytes());
    segment.extend(said);
}

/// The frames of a segment, from its bytes.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    is_over: bool,
    damage: Option<&'static str>,
}

impl<'a> Frames<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let known = bytes.starts_with(MAGIC);
        // A segment that was just made may have a part of its heading.
        let damage = (!known && !MAGIC.starts_with(bytes))
            .then_some("it does not begin like a file of decisions of this version of hinny");
        Self { bytes, at: if known { MAGIC.len() } else { 0 }, is_over: !known, damage }
    }

    /// The frames of a part of a segment that begins with one.
    pub(super) fn within(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, is_over: false, damage: None }
    }

    /// Where reading ended, and what is wrong there; none when all was read, up to an unfinished
    /// frame at the end.
    pub(super) fn damage(&self) -> Option<(u64, &'static str)> {
        self.damage.map(|why| (self.at as u64, why))
    }

    /// Ends reading where the last frame began: it was whole, but says nothing that can be used.
    pub(super) fn give_up(&mut self, frame: &Range<usize>, why: &'static str) {
        self.at = frame.start.saturating_sub(FRAME_HEAD);
        self.damaged(why);
    }

    fn damaged(&mut self, why: &'static str) {
        self.damage = Some(why);
        self.is_over = true;
    }

    fn number(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// Where each frame says something.
impl Iterator for Frames<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.is_over {
            return None;
        }
        let len = self.number(self.at)?;
        if self.number(self.at + 4)? != crc32fast::hash(&len.to_le_bytes()) {
            self.damaged("a length has a wrong checksum");
            return None;
        }
        let checksum = self.number(self.at + 8)?;
        let start = self.at + FRAME_HEAD;
        let said = start..start.checked_add(len as usize)?;
        if crc32fast::hash(self.bytes.get(said.clone())?) != checksum {
            self.damaged("a record has a wrong checksum");
            return None;
        }
        self.at = said.end;
        Some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment() -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for said in ["one", "two", "three"] {
            append(&mut bytes, said.as_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (usize, Option<(u64, &'static str)>) {
        let mut frames = Frames::of(bytes);
        let count = frames.by_ref().count();
        (count, frames.damage())
    }

    #[test]
    fn an_unfinished_end_costs_the_last_frame_only_wherever_it_was_torn() {
        let bytes = segment();
        assert_eq!(read(&bytes), (3, None));
        let last = bytes.len() - FRAME_HEAD - "three".len();
        for end in last..bytes.len() {
            assert_eq!(read(&bytes[..end]), (2, None), "{end}");
        }
        for end in 0..MAGIC.len() {
            assert_eq!(read(&bytes[..end]), (0, None), "{end}");
        }
    }

    #[test]
    fn every_changed_byte_is_found_and_its_frame_named() {
        let first = MAGIC.len();
        let second = first + FRAME_HEAD + "one".len();
        let third = second + FRAME_HEAD + "two".len();
        for at in second..third {
            let mut bytes = segment();
            bytes[at] ^= 0x10;
            let (count, damage) = read(&bytes);
            assert_eq!((count, damage.unwrap().0), (1, second as u64), "{at}");
        }
    }

    #[test]
    fn another_file_is_none() {
        assert_eq!(read(b"hinny decisions 2\nxx").0, 0);
        assert!(read(b"hinny decisions 2\nxx").1.unwrap().1.contains("does not begin"));
        assert!(read(b"zip").1.is_some());
    }
}
