//! What the host said of each task, and whether it all fits together.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use serde::Deserialize;
use uuid::Uuid;

/// What the load generator reads of a task.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct SeenTask {
    /// Identity.
    pub(crate) id: Uuid,
    /// Which hand-out it is.
    #[serde(default)]
    pub(crate) attempt: u32,
}

/// The answer to a pop.
#[derive(Debug, Deserialize)]
pub(crate) struct Popped {
    /// The tasks handed out.
    pub(crate) results: Vec<SeenTask>,
}

/// The answer to a batch push.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchAnswer {
    /// One answer per task.
    pub(crate) results: Vec<BatchItem>,
}

/// The answer to one task of a batch push.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchItem {
    /// Status code.
    pub(crate) status: u16,
    /// The task, when it was pushed.
    pub(crate) task: Option<SeenTask>,
}

/// What the host said of each task.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    acknowledged: Vec<Uuid>,
    handed_out: Vec<(Uuid, u32)>,
}

impl Ledger {
    /// Notes an acknowledged push; the answer is the task.
    pub(crate) fn acknowledge(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let task: SeenTask = serde_json::from_slice(body).context("a push answered no task")?;
        self.acknowledged.push(task.id);
        Ok(())
    }

    /// Notes an acknowledged batch; the result is how many of it were not taken.
    pub(crate) fn acknowledge_batch(&mut self, body: &[u8]) -> anyhow::Result<usize> {
        let answer: BatchAnswer =
            serde_json::from_slice(body).context("a batch push answered no list")?;
        let all = answer.results.len();
        let taken = answer.results.into_iter().filter(|item| item.status == 201);
        let before = self.acknowledged.len();
        self.acknowledged.extend(taken.filter_map(|item| item.task).map(|task| task.id));
        Ok(all - (self.acknowledged.len() - before))
    }

    /// Notes what a pop handed out; the result is how many.
    pub(crate) fn hand_out(&mut self, body: &[u8]) -> anyhow::Result<Vec<SeenTask>> {
        let popped: Popped = serde_json::from_slice(body).context("a pop answered no list")?;
        self.handed_out.extend(popped.results.iter().map(|task| (task.id, task.attempt)));
        Ok(popped.results)
    }

    /// Takes what another one noted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.handed_out.extend(other.handed_out);
    }

    /// How many pushes were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// How many hand-outs there were.
    pub(crate) fn handed_out(&self) -> usize {
        self.handed_out.len()
    }

    /// Attempts that more than one worker got, as texts.
    pub(crate) fn double_hand_outs(&self) -> Vec<String> {
        let mut times: HashMap<(Uuid, u32), u32> = HashMap::new();
        for hand_out in &self.handed_out {
            *times.entry(*hand_out).or_default() += 1;
        }
        // In the order in which they happened, so that a run reads the same each time.
        let mut told = HashSet::new();
        self.handed_out
            .iter()
            .filter(|key| times.get(*key).is_some_and(|times| *times > 1) && told.insert(**key))
            .map(|(id, attempt)| format!("task {id}, attempt {attempt}, was handed out twice"))
            .collect()
    }

    /// Acknowledged tasks that were never handed out, as texts. Only meaningful when everything
    /// was popped afterwards.
    pub(crate) fn lost(&self) -> Vec<String> {
        let seen: HashSet<Uuid> = self.handed_out.iter().map(|(id, _)| *id).collect();
        self.acknowledged
            .iter()
            .filter(|id| !seen.contains(*id))
            .map(|id| format!("task {id} was acknowledged and is gone"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0190c1d2-0000-7000-8000-00000000000a";
    const B: &str = "0190c1d2-0000-7000-8000-00000000000b";

    fn popped(id: &str, attempt: u32) -> String {
        format!(r#"{{"results":[{{"id":"{id}","attempt":{attempt}}}]}}"#)
    }

    #[test]
    fn an_attempt_handed_out_twice_is_found_but_a_second_attempt_is_fine() {
        let mut ledger = Ledger::default();
        ledger.hand_out(popped(A, 1).as_bytes()).unwrap();
        ledger.hand_out(popped(A, 2).as_bytes()).unwrap();
        assert!(ledger.double_hand_outs().is_empty());
        ledger.hand_out(popped(A, 2).as_bytes()).unwrap();
        assert_eq!(
            ledger.double_hand_outs(),
            [format!("task {A}, attempt 2, was handed out twice")]
        );
    }

    #[test]
    fn an_acknowledged_task_that_never_comes_out_is_lost() {
        let mut ledger = Ledger::default();
        ledger.acknowledge(format!(r#"{{"id":"{A}"}}"#).as_bytes()).unwrap();
        let batch = format!(
            r#"{{"results":[{{"status":201,"task":{{"id":"{B}"}}}},{{"status":409,"detail":"x"}}]}}"#
        );
        assert_eq!(ledger.acknowledge_batch(batch.as_bytes()).unwrap(), 1);
        ledger.hand_out(popped(A, 1).as_bytes()).unwrap();
        assert_eq!(ledger.lost(), [format!("task {B} was acknowledged and is gone")]);
    }
}
