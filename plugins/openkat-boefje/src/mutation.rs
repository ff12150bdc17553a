//! What may be done to an object has changed.

use hinny_plugin::scheduler::{Cancel, Command, Failure, Message};
use openkat::{katalogus, octopoes::Object};
use serde::Deserialize;
use serde_json::json;

use crate::{
    round::{Again, Candidate, Round},
    settings::Boefjes,
};

/// A scan profile was made, changed or removed.
#[derive(Debug, Deserialize)]
struct Mutation {
    operation: Operation,
    primary_key: String,
    /// The object as it is now; Octopoes leaves it out of a removal.
    value: Option<Object>,
    /// The organisation.
    client_id: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Boefjes {
    /// What to do about it.
    pub(crate) fn mutation(&self, message: &Message, now: i64) -> Result<Vec<Command>, Failure> {
        let Mutation { operation, primary_key, value, client_id } = message.json()?;
        match (operation, value) {
            (Operation::Delete, _) => Ok(vec![cancel(&primary_key, &client_id)]),
            (_, None) => Ok(Vec::new()),
            (_, Some(object)) => {
                let round = Round { trigger: &message.id, organisation: &client_id, now };
                self.run_on_object(round, &object, operation)
            }
        }
    }

    fn run_on_object(
        &self,
        round: Round<'_>,
        object: &Object,
        operation: Operation,
    ) -> Result<Vec<Command>, Failure> {
        let question = self.katalogus.boefjes_for(round.organisation, &object.object_type);
        let boefjes = katalogus::plugins(question.send())?;
        let candidates: Vec<_> = boefjes
            .iter()
            .filter(|boefje| boefje.may_run(Some(object)).is_ok())
            .filter_map(|boefje| {
                let again = again(&boefje.run_on, operation)?;
                Some(Candidate { boefje, object: Some(&object.primary_key), again })
            })
            .collect();
        self.commands(round, &candidates)
    }
}

/// Whether a boefje runs after a change, and whether it comes back. One that says after which
/// changes it runs does not come back by itself.
fn again(run_on: &[String], operation: Operation) -> Option<Again<'static>> {
    if run_on.is_empty() {
        return Some(Again::Scheduled);
    }
    run_on.iter().any(|one| one == operation.as_str()).then_some(Again::Never)
}

/// An object that is gone is not scanned: in the organisation that it is gone from.
fn cancel(primary_key: &str, organisation: &str) -> Command {
    let filter = json!({"filters": [
        {"column": "data", "field": "input_ooi", "operator": "==", "value": primary_key},
        {"column": "organisation", "operator": "==", "value": organisation},
    ]});
    Cancel::new(filter.to_string(), format!("object `{primary_key}` is gone")).into()
}
