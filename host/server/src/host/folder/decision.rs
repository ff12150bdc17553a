//! Whether a file of the watched folder is to be brought in, given what was decided before.
//!
//! The history of the slot is all that there is to know, so it is the same after a restart:
//!
//! - A file is brought in once for each content. What a person does afterwards stays, such as a
//!   rollback, until the content changes.
//! - A file that was never brought in is not, when a person decided after it was written.
//! - What hinny does by itself and what the configuration names first are no decisions of people.

use hinny_core::{PluginDigest, Timestamp, plugin::Activation};

use super::file::Wish;

/// How what a folder brings in is signed for; the name of the file follows.
pub(super) const FOLDER: &str = "folder: ";

/// What is to be done about a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is to be brought in.
    Due,
    /// It was, just so.
    Done,
    /// A person decided otherwise since.
    Overruled {
        /// With which generation.
        generation: u64,
        /// Who.
        by: String,
    },
}

/// What is to be done about a file. The history is newest first.
pub(super) fn standing(
    history: &[Activation],
    file: &str,
    digest: PluginDigest,
    wish: &Wish,
    modified: Timestamp,
) -> Standing {
    let last = history.iter().find(|activation| activation.by == file);
    let overruling = match last {
        Some(last) if last.digest == digest => {
            if wish.is(last) {
                return Standing::Done;
            }
            // Another rollout of what was brought in before.
            let since = |activation: &&Activation| activation.generation > last.generation;
            history.iter().take_while(since).find(|activation| is_of_person(activation))
        }
        _ => history
            .iter()
            .find(|activation| is_of_person(activation))
            .filter(|decision| decision.at > modified),
    };
    overruling.map_or(Standing::Due, |decision| Standing::Overruled {
        generation: decision.generation,
        by: decision.by.clone(),
    })
}

fn is_of_person(activation: &Activation) -> bool {
    let by = activation.by.as_str();
    let is_named = [Activation::BY_CONFIGURATION, Activation::BY_HOST].contains(&by);
    !(is_named || by.starts_with(FOLDER))
}

#[cfg(test)]
mod tests {
    use hinny_core::plugin::Stage;
    use serde_json::json;

    use super::*;

    const FILE: &str = "folder: rank.wasm";

    fn activation(generation: u64, by: &str, digest: u8) -> Activation {
        Activation {
            slot: "jobs/ranker".parse().unwrap(),
            generation,
            digest: PluginDigest([digest; 32]),
            settings: json!({"weight": 1}),
            at: Timestamp::from_millis(1_000 * generation as i64),
            by: by.to_owned(),
            reason: "activate".to_owned(),
            stage: Stage::Active,
            ended: None,
            forced: false,
        }
    }

    fn wish() -> Wish {
        Wish { slot: "jobs/ranker".parse().unwrap(), stage: Stage::Active, settings: None }
    }

    /// Of a file with digest 7, written in between generations.
    fn of(history: &[Activation], wish: &Wish, after: u64) -> Standing {
        let written = Timestamp::from_millis(1_000 * after as i64 + 500);
        standing(history, FILE, PluginDigest([7; 32]), wish, written)
    }

    fn overruled(generation: u64) -> Standing {
        Standing::Overruled { generation, by: "ann".to_owned() }
    }

    #[test]
    fn a_new_file_is_brought_in_unless_a_person_decided_after_it() {
        assert_eq!(of(&[], &wish(), 0), Standing::Due);
        let history = [activation(2, "ann", 2), activation(1, "configuration", 1)];
        assert_eq!(of(&history, &wish(), 2), Standing::Due);
        assert_eq!(of(&history, &wish(), 1), overruled(2));
        // An image with file and configuration may be older than its first start.
        for by in ["configuration", "hinny", "folder: other.wasm"] {
            assert_eq!(of(&[activation(1, by, 1)], &wish(), 0), Standing::Due, "{by}");
        }
    }

    #[test]
    fn a_file_is_brought_in_once_whatever_people_do_then() {
        let mut history = vec![activation(1, FILE, 7)];
        assert_eq!(of(&history, &wish(), 0), Standing::Done);
        history.insert(0, activation(2, "ann", 1));
        assert_eq!(of(&history, &wish(), 0), Standing::Done);
        // Not even if it is written anew, as long as it is the same.
        assert_eq!(of(&history, &wish(), 9), Standing::Done);
    }

    #[test]
    fn another_content_is_due_also_if_it_was_there_before() {
        let mut history = vec![activation(2, FILE, 8), activation(1, FILE, 7)];
        assert_eq!(of(&history, &wish(), 2), Standing::Due);
        history.insert(0, activation(3, "ann", 1));
        assert_eq!(of(&history, &wish(), 3), Standing::Due);
        assert_eq!(of(&history, &wish(), 2), overruled(3));
    }

    #[test]
    fn another_rollout_is_due_until_a_person_decides() {
        let mut history = vec![activation(1, FILE, 7)];
        let settings = Some(json!({"weight": 2}));
        for other in [Wish { stage: Stage::Shadow, ..wish() }, Wish { settings, ..wish() }] {
            assert_eq!(of(&history, &other, 0), Standing::Due);
        }
        let same = Wish { settings: Some(json!({"weight": 1})), ..wish() };
        assert_eq!(of(&history, &same, 0), Standing::Done);
        let shadow = Wish { stage: Stage::Shadow, ..wish() };
        history.insert(0, activation(2, "hinny", 1));
        assert_eq!(of(&history, &shadow, 0), Standing::Due, "the plugin host has its own say");
        history.insert(0, activation(3, "ann", 1));
        assert_eq!(of(&history, &shadow, 9), overruled(3));
    }
}
