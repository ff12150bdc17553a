//! Kept messages: the last write to each counts. Marks of handled ones go.

use hinny_core::store::EventWrite;

use super::Commit;

impl Commit<'_> {
    /// Takes a write to a kept message.
    pub(super) fn write_event(&mut self, write: EventWrite) {
        match write {
            EventWrite::Keep(kept) => {
                let key = (kept.scheduler.clone(), kept.message.id);
                self.changes.kept.insert(key, Some(kept));
            }
            EventWrite::Drop { scheduler, event } => {
                self.changes.kept.insert((scheduler, event), None);
            }
            EventWrite::Unmark { scheduler, event } => {
                self.changes.unseen.push((scheduler, event));
            }
        }
    }
}
