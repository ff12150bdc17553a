//! Schedules of the plugin's own scheduler, many found with one question.

use std::collections::{BTreeMap, BTreeSet};

use hinny_plugin::{
    scheduler::Failure,
    schedules::{self, Schedule},
};

/// Schedules that there are, by hash.
#[derive(Debug, Default)]
pub struct Schedules(BTreeMap<String, Schedule>);

/// Most hashes in one question to the host.
const HASHES_MAX: usize = 1000;

impl Schedules {
    /// Finds those of some hashes.
    pub fn find<'a>(hashes: impl Iterator<Item = &'a str>) -> Result<Self, Failure> {
        let hashes: BTreeSet<&str> = hashes.collect();
        let hashes: Vec<String> = hashes.into_iter().map(str::to_owned).collect();
        let mut found = BTreeMap::new();
        for hashes in hashes.chunks(HASHES_MAX) {
            let schedules = schedules::find(hashes)?.into_iter().flatten();
            found.extend(schedules.map(|schedule| (schedule.hash.clone(), schedule)));
        }
        Ok(Self(found))
    }

    /// The one of a hash.
    pub fn get(&self, hash: &str) -> Option<&Schedule> {
        self.0.get(hash)
    }

    /// Whether there is none that somebody has stopped.
    pub fn may_fire(&self, hash: &str) -> bool {
        self.get(hash).is_none_or(|schedule| schedule.enabled)
    }
}

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::FakeHost;
    use serde_json::json;

    use super::*;

    #[test]
    fn many_are_found_with_as_few_questions_as_the_host_allows() {
        FakeHost::reset();
        FakeHost::add_schedule(crate::testing::schedule("7", json!({}), None));
        let hashes: Vec<_> = (0..1001).map(|number| number.to_string()).collect();
        let twice = hashes.iter().chain(&hashes).map(String::as_str);
        let found = Schedules::find(twice).unwrap();
        let asked: Vec<_> = FakeHost::schedules_asked().iter().map(Vec::len).collect();
        assert_eq!(asked, [1000, 1]);
        assert!(found.get("7").is_some() && found.get("8").is_none());
        assert!(Schedules::find(std::iter::empty()).unwrap().may_fire("7"));
        assert_eq!(FakeHost::schedules_asked().len(), 2, "nothing is asked for nothing");
    }
}
