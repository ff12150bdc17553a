//! What columns of the queued tasks keep beside their numbers: texts, and who has no value.

use std::sync::Arc;

use hashbrown::HashMap;

/// A bit per slot.
#[derive(Debug, Default)]
pub(super) struct AbsentSet(Vec<u64>);

impl AbsentSet {
    pub(super) fn set(&mut self, slot: usize, absent: bool) {
        let word = slot / 64;
        if word >= self.0.len() {
            if !absent {
                return;
            }
            self.0.resize(word + 1, 0);
        }
        let bit = 1_u64 << (slot % 64);
        if let Some(bits) = self.0.get_mut(word) {
            if absent { *bits |= bit } else { *bits &= !bit }
        }
    }

    pub(super) fn get(&self, slot: usize) -> bool {
        self.0.get(slot / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1)
    }
}

/// Each text once, counted, so that texts of tasks that have left are forgotten.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    texts: Vec<Option<(Arc<str>, u32)>>,
    codes: HashMap<Arc<str>, u32>,
    free: Vec<u32>,
}

/// Code of an absent text.
pub(super) const ABSENT: u32 = u32::MAX;

impl Dictionary {
    pub(super) fn intern(&mut self, text: &Arc<str>) -> u32 {
        if let Some(&code) = self.codes.get(text) {
            if let Some(Some((_, uses))) = self.texts.get_mut(code as usize) {
                *uses += 1;
            }
            return code;
        }
        let entry = Some((Arc::clone(text), 1));
        let code = if let Some(code) = self.free.pop() {
            if let Some(place) = self.texts.get_mut(code as usize) {
                *place = entry;
            }
            code
        } else {
            self.texts.push(entry);
            (self.texts.len() - 1) as u32
        };
        self.codes.insert(Arc::clone(text), code);
        code
    }

    pub(super) fn release(&mut self, code: u32) {
        let Some(place) = self.texts.get_mut(code as usize) else { return };
        let Some((text, uses)) = place else { return };
        *uses -= 1;
        if *uses == 0 {
            self.codes.remove(text);
            *place = None;
            self.free.push(code);
        }
    }

    pub(super) fn text(&self, code: u32) -> Option<&Arc<str>> {
        self.texts.get(code as usize)?.as_ref().map(|(text, _)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_forgotten_with_its_last_task() {
        let mut dictionary = Dictionary::default();
        let first = dictionary.intern(&"a".into());
        assert_eq!(dictionary.intern(&"a".into()), first);
        dictionary.release(first);
        assert!(dictionary.text(first).is_some());
        dictionary.release(first);
        assert!(dictionary.text(first).is_none());
        assert_eq!(dictionary.intern(&"b".into()), first);
    }
}
