//! A report task: make a report by its recipe.

use serde::{Deserialize, Serialize};

use crate::hash;

/// The data of a report task. It is stored as it was sent.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct ReportTask {
    /// Whose report it is.
    pub organisation_id: String,
    /// What is reported.
    pub report_recipe_id: String,
}

impl ReportTask {
    /// What makes it the same work as another.
    pub fn hash(&self) -> String {
        hash::report(&self.report_recipe_id, &self.organisation_id)
    }
}
