//! A ranker on a queue of a few tasks.

use std::{fmt, marker::PhantomData};

use serde_json::Value;

use super::{TestTask, batch, flatten};
use crate::{
    export::{self, Slot},
    ranker::{Context, Explanation, PRIORITY_MAX, PRIORITY_MIN, Ranker},
    settings::Settings,
};

/// A ranker on a queue of a few tasks.
pub struct RankerTest<R> {
    settings: Settings,
    context: Context,
    tasks: Vec<TestTask>,
    ranker: PhantomData<fn() -> R>,
}

// Written out, so that the plugin itself need not be printable.
impl<R> fmt::Debug for RankerTest<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RankerTest")
            .field("settings", &self.settings)
            .field("context", &self.context)
            .field("tasks", &self.tasks)
            .finish()
    }
}

impl<R: Ranker> RankerTest<R> {
    /// Configures the ranker with a JSON table; the error is what an operator would see.
    #[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    pub fn new(settings: Value) -> Result<Self, String> {
        let settings = flatten(&settings);
        R::configure(&settings)?;
        let context = Context { now: 0, scheduler: "test".to_owned(), seed: 0 };
        Ok(Self { settings, context, tasks: Vec::new(), ranker: PhantomData })
    }

    /// The time of ranking, in milliseconds since the epoch.
    #[must_use]
    pub fn now(mut self, moment_ms: i64) -> Self {
        self.context.now = moment_ms;
        self
    }

    /// The seed for rankers that want chance.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.context.seed = seed;
        self
    }

    /// Adds a task.
    #[must_use]
    pub fn task(mut self, task: TestTask) -> Self {
        self.tasks.push(task);
        self
    }

    /// The priorities, in the order in which the tasks were added. Refuses what the host would
    /// refuse: inputs that it does not have, priorities out of range, two answers to one question.
    pub fn priorities(&self) -> Result<Vec<i64>, String> {
        let rank = || self.ask(export::rank::<R>);
        let priorities = rank()?;
        if rank()? != priorities {
            return Err("asked twice the same, the ranker answers differently".to_owned());
        }
        let outside = |priority: &&i64| !(PRIORITY_MIN..=PRIORITY_MAX).contains(*priority);
        match priorities.iter().find(outside) {
            Some(priority) => Err(format!("priority {priority} is out of range")),
            None => Ok(priorities),
        }
    }

    /// The names of the tasks, first to go first.
    pub fn order(&self) -> Result<Vec<String>, String> {
        let priorities = self.priorities()?;
        let mut queue: Vec<_> = priorities.into_iter().zip(&self.tasks).collect();
        queue.sort_by_key(|(priority, task)| (*priority, task.created_at));
        Ok(queue.into_iter().map(|(_, task)| task.name.clone()).collect())
    }

    /// Why each task has its priority, in the order in which they were added. Refuses explanations
    /// of another priority than `rank` gives.
    pub fn explanations(&self) -> Result<Vec<Explanation>, String> {
        let explanations = self.ask(export::explain::<R>)?;
        let priorities = self.priorities()?;
        for (explanation, priority) in explanations.iter().zip(priorities) {
            if explanation.priority != priority {
                let explained = explanation.priority;
                return Err(format!("`explain` says {explained}, `rank` says {priority}"));
            }
        }
        Ok(explanations)
    }

    fn ask<T>(
        &self,
        call: impl Fn(&Slot<R>, &Context, &crate::inputs::Batch) -> Result<T, crate::inputs::RankError>,
    ) -> Result<T, String> {
        let slot = Slot::default();
        export::configure_ranker::<R>(&slot, self.settings.clone().into())?;
        let batch = batch::of(&slot.expect_plugin().inputs(), &self.tasks, self.context.now)?;
        call(&slot, &self.context, &batch).map_err(|error| error.to_string())
    }
}
