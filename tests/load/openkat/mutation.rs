//! Messages that scan profiles were made, and the tasks that must come of them.

use serde::Deserialize;
use uuid::Uuid;

use super::{BOEFJES, boefje, organisation};

/// The queue of RabbitMQ that they are sent to.
pub(crate) const QUEUE: &str = "scan_profile_mutations";

/// Hostnames of a run, each of which gets a scan profile.
pub(crate) struct Mutations {
    run: Uuid,
    /// How often each task was seen: by hostname, then by boefje.
    seen: Vec<u8>,
}

/// What is read of a task.
#[derive(Debug, Deserialize)]
pub(crate) struct Made {
    organisation: String,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    input_ooi: Option<String>,
    boefje: Boefje,
}

#[derive(Debug, Deserialize)]
struct Boefje {
    id: String,
}

impl Mutations {
    /// So many hostnames that no other run has.
    pub(crate) fn new(count: usize) -> Self {
        Self { run: Uuid::now_v7(), seen: vec![0; count * BOEFJES as usize] }
    }

    /// Tasks that must come of them all.
    pub(crate) fn tasks(&self) -> usize {
        self.seen.len()
    }

    /// The messages, as Octopoes sends them.
    pub(crate) fn messages(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.seen.len() as u64 / BOEFJES).map(|number| {
            let (key, organisation) = (self.key(number), organisation(number));
            format!(
                r#"{{"operation":"create","primary_key":"{key}","value":{{"primary_key":"{key}","object_type":"Hostname","scan_profile":{{"scan_profile_type":"declared","reference":"{key}","level":2,"user_id":1}}}},"client_id":"{organisation}"}}"#
            )
        })
    }

    /// Notes a task; false: it is none of these.
    pub(crate) fn note(&mut self, task: &Made) -> bool {
        let Some(at) = self.place(task) else { return false };
        let Some(times) = self.seen.get_mut(at) else { return false };
        *times = times.saturating_add(1);
        true
    }

    /// What was not made exactly once, in words.
    pub(crate) fn violations(&self) -> Vec<String> {
        let wrong = self.seen.iter().enumerate().filter(|(_, times)| **times != 1);
        wrong
            .map(|(at, times)| {
                let (number, of) = (at as u64 / BOEFJES, at as u64 % BOEFJES);
                let (object, boefje) = (self.key(number), boefje(of));
                format!("`{boefje}` on `{object}` was made {times} times, not once")
            })
            .collect()
    }

    fn key(&self, number: u64) -> String {
        format!("Hostname|internet|h{number}.{}.example", self.run.simple())
    }

    fn place(&self, task: &Made) -> Option<usize> {
        let rest = task.data.input_ooi.as_deref()?.strip_prefix("Hostname|internet|h")?;
        let (number, run) = rest.strip_suffix(".example")?.split_once('.')?;
        let number: u64 = number.parse().ok().filter(|_| run == self.run.simple().to_string())?;
        let of = (0..BOEFJES).find(|of| boefje(*of) == task.data.boefje.id)?;
        let ours = task.organisation == organisation(number);
        ours.then(|| usize::try_from(number * BOEFJES + of).ok())?
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn made(key: &str, organisation: &str, boefje: &str) -> Made {
        let data = json!({"input_ooi": key, "boefje": {"id": boefje}});
        serde_json::from_value(json!({"organisation": organisation, "data": data})).unwrap()
    }

    #[test]
    fn a_task_that_is_missing_doubled_or_not_ours_is_found() {
        let mut mutations = Mutations::new(1);
        let message: Value = serde_json::from_str(&mutations.messages().next().unwrap()).unwrap();
        let key = message["primary_key"].as_str().unwrap().to_owned();
        for of in 0..BOEFJES {
            assert!(mutations.note(&made(&key, "org-0", &boefje(of))));
        }
        assert!(mutations.violations().is_empty());
        assert!(mutations.note(&made(&key, "org-0", "boefje-3")));
        let doubled = format!("`boefje-3` on `{key}` was made 2 times, not once");
        assert_eq!(mutations.violations(), [doubled]);
        assert!(!mutations.note(&made(&key, "org-1", "boefje-3")), "of another organisation");
        assert!(!mutations.note(&made("Hostname|internet|h0.other.example", "org-0", "boefje-3")));
        assert_eq!(Mutations::new(1).violations().len() as u64, BOEFJES);
    }
}
