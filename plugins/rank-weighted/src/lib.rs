//! A sum of weighted inputs, all from the settings. See `README.md`.

use hinny_plugin::ranker::*;

use crate::term::Weight;

mod settings;
mod term;

/// A sum of weighted inputs.
pub struct Weighted {
    base: f64,
    asked_first: bool,
    refresh_ms: u64,
    /// One per declared input, in the same order; the asked priority comes after them.
    weights: Vec<Weight>,
}

impl Ranker for Weighted {
    type Task<'a> = Row<'a>;

    fn configure(settings: &Settings) -> Result<Self, String> {
        settings::read(settings)
    }

    fn inputs(&self) -> Vec<Input> {
        let mut inputs: Vec<_> = self.weights.iter().map(|weight| weight.input.clone()).collect();
        if self.asked_first {
            inputs.extend(Input::well_known("base-priority"));
        }
        inputs
    }

    fn refresh(&self) -> Refresh {
        if self.refresh_ms == 0 { Refresh::Never } else { Refresh::EveryMs(self.refresh_ms) }
    }

    fn rank(&self, task: &Row<'_>, _context: &Context) -> i64 {
        if let Some(asked) = self.asked(task) {
            return asked;
        }
        round_priority(self.contributions(task).fold(self.base, |sum, each| sum + each))
    }

    fn explain(&self, task: &Row<'_>, context: &Context) -> Explanation {
        let explanation = Explanation::new(self.rank(task, context));
        if let Some(asked) = self.asked(task) {
            return explanation.input_term("asked priority", asked as f64, "base-priority");
        }
        let mut terms: Vec<_> = self.weights.iter().zip(self.contributions(task)).collect();
        terms.retain(|(_, contribution)| *contribution != 0.0);
        terms.sort_by(|(_, left), (_, right)| right.abs().total_cmp(&left.abs()));
        let explanation = terms.into_iter().fold(explanation, |so_far, (weight, contribution)| {
            so_far.input_term(weight.label.as_str(), contribution, weight.input.name.as_str())
        });
        if self.base == 0.0 { explanation } else { explanation.term("base", self.base) }
    }
}

impl Weighted {
    #[inline]
    fn contributions<'a>(&'a self, task: &'a Row<'_>) -> impl Iterator<Item = f64> + 'a {
        self.weights.iter().enumerate().map(|(at, weight)| weight.contribution(task, at))
    }

    fn asked(&self, task: &Row<'_>) -> Option<i64> {
        if self.asked_first { task.integer(self.weights.len()) } else { None }
    }
}

hinny_plugin::export_ranker!(Weighted);

#[cfg(test)]
mod tests;
