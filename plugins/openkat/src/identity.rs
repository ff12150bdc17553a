//! Ids of tasks: the one that was sent, or one that follows from what makes the task.

use uuid::{Builder, Uuid};

use crate::hash;

/// The id of a task that a trigger makes.
///
/// OpenKAT's data names its own task, so the id is needed before the host could give one; and a
/// plugin has no randomness. It follows from the trigger, the moment and the hash of the task: a
/// trigger that is handled again at another moment makes other ids, and so does another trigger at
/// the same moment. Of version 7, so that tasks lie in the database in the order of their making.
pub fn derived(trigger: &str, hash: &str, now_ms: i64) -> Uuid {
    let number = hash::number(&format!("{trigger}/{hash}/{now_ms}"));
    let [chance @ .., _, _, _, _, _, _] = number.to_le_bytes();
    Builder::from_unix_timestamp_millis(now_ms.max(0).unsigned_abs(), &chance).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_770_000_000_000;

    #[test]
    fn an_id_follows_from_trigger_task_and_moment() {
        let id = derived("message", "hash", NOW);
        assert_eq!(id, derived("message", "hash", NOW));
        for other in [
            derived("another", "hash", NOW),
            derived("message", "another", NOW),
            derived("message", "hash", NOW + 1),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn ids_are_in_the_order_of_time() {
        let id = derived("message", "hash", NOW);
        assert_eq!(id.get_version_num(), 7);
        assert!(id < derived("message", "hash", NOW + 1));
        assert!(derived("message", "hash", -1) < id, "a clock before 1970 is no reason to trap");
    }
}
