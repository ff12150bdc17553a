//! One weighted input.

use std::collections::BTreeMap;

use hinny_plugin::ranker::{Input, Row};

/// One weighted input.
pub(crate) struct Weight {
    pub(crate) label: String,
    pub(crate) input: Input,
    pub(crate) rule: Rule,
    /// What it adds when the task does not have the input.
    pub(crate) absent: f64,
}

/// From a value to what it adds to the priority.
pub(crate) enum Rule {
    /// A number: weight · value / per, the value kept between bounds.
    Number { factor: f64, min: f64, max: f64 },
    /// A flag: the weight when it is true.
    Flag { weight: f64 },
    /// Text: a weight per text, and one for all others.
    Text { weights: BTreeMap<String, f64>, others: f64 },
    /// The time of creation: so much per hour after 2020.
    Age { per_hour: f64 },
}

impl Weight {
    /// What the input at a place of the row adds.
    #[inline]
    pub(crate) fn contribution(&self, task: &Row<'_>, at: usize) -> f64 {
        let value = match &self.rule {
            Rule::Number { factor, min, max } => {
                task.number(at).map(|number| number.max(*min).min(*max) * factor)
            }
            Rule::Flag { weight } => task.flag(at).map(|flag| if flag { *weight } else { 0.0 }),
            Rule::Text { weights, others } => {
                task.text(at).map(|text| weights.get(text).copied().unwrap_or(*others))
            }
            Rule::Age { per_hour } => task.integer(at).map(|created_ms| {
                // 2020-01-01. Any moment would do, but from here people can read the numbers.
                const START_MS: i64 = 1_577_836_800_000;
                const HOUR_MS: f64 = 3_600_000.0;
                created_ms.saturating_sub(START_MS) as f64 / HOUR_MS * per_hour
            }),
        };
        value.unwrap_or(self.absent)
    }
}
