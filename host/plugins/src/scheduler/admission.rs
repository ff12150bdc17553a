//! Drafts on their way through the schema, the plugin, and back into their order.

use std::collections::HashMap;

use hinny_core::{
    TaskId,
    ranker::FailureKind,
    scheduler::{Admitted, Draft, Rejection, SchedulePlan},
};

use super::{
    commands::{self, Wrong},
    schema::Schema,
};
use crate::{
    bindings::scheduler::exports::hinny::plugin::scheduler as wit,
    call::{Call, CallError},
    limits::Limits,
    text,
};

/// Drafts, of which some do not fit the schema.
#[derive(Debug)]
pub(super) struct Admission<'a> {
    checked: Vec<Result<&'a Draft, Rejection>>,
}

/// A draft that the plugin is asked about, with what has to be written out for the guest.
#[derive(Debug)]
pub(crate) struct Offered<'a> {
    draft: &'a Draft,
    sent_id: Option<String>,
    fresh_id: String,
}

impl<'a> Admission<'a> {
    /// Checks drafts against the schema: what does not fit, the plugin never sees.
    pub(super) fn check(drafts: &'a [Draft], schema: &Schema) -> Self {
        let checked = drafts.iter().map(|draft| schema.check(&draft.data).map(|()| draft));
        Self { checked: checked.collect() }
    }

    /// The drafts that fit.
    pub(super) fn offered(&self) -> Vec<Offered<'a>> {
        self.checked.iter().filter_map(|draft| Some(Offered::new(draft.as_ref().ok()?))).collect()
    }

    /// The answers when no draft fits.
    pub(super) fn rejected(self) -> Vec<Result<Admitted, Rejection>> {
        self.merge(Vec::new())
    }

    /// One answer per draft, in the order of the drafts, given those of the drafts that fit.
    pub(super) fn merge(
        self,
        answers: Vec<Result<Admitted, Rejection>>,
    ) -> Vec<Result<Admitted, Rejection>> {
        let mut answers = answers.into_iter();
        let merged = self.checked.into_iter().map_while(|draft| match draft {
            Ok(_) => answers.next(),
            Err(rejection) => Some(Err(rejection)),
        });
        merged.collect()
    }
}

impl<'a> Offered<'a> {
    fn new(draft: &'a Draft) -> Self {
        Self {
            draft,
            sent_id: draft.sent_id.map(|id| id.to_string()),
            fresh_id: draft.fresh_id.to_string(),
        }
    }

    pub(super) fn lowered(&self) -> wit::Draft<'_> {
        wit::Draft {
            sent_id: self.sent_id.as_deref(),
            fresh_id: &self.fresh_id,
            organisation: self.draft.organisation.as_str(),
            priority: self.draft.priority.map(|priority| priority.0),
            data: &self.draft.data,
        }
    }
}

/// What a plugin answers to drafts, checked.
pub(super) fn answers(
    said: Vec<Result<wit::Admitted, wit::Rejection>>,
    offered: &[Offered<'_>],
    plans: &HashMap<TaskId, SchedulePlan>,
    limits: &Limits,
) -> Result<Vec<Result<Admitted, Rejection>>, CallError> {
    if said.len() != offered.len() {
        let why = format!("gave {} answers for {} drafts", said.len(), offered.len());
        return Err(CallError::new(Call::Admit, FailureKind::WrongLength, why));
    }
    if said.iter().map(weight).sum::<usize>() > limits.answer_bytes() {
        return Err(CallError::oversized(Call::Admit, limits));
    }
    let checked = said.into_iter().zip(offered).enumerate().map(|(at, (said, offered))| {
        answer(said, offered, plans, limits).map_err(|wrong| {
            let why = format!("draft {at}, `{}`: {}", wrong.field, wrong.why);
            CallError::new(Call::Admit, FailureKind::OutOfRange, why)
        })
    });
    checked.collect()
}

/// The bytes of the texts that have no limit of their own.
fn weight(said: &Result<wit::Admitted, wit::Rejection>) -> usize {
    match said {
        Ok(admitted) => admitted.data.len(),
        Err(rejection) => rejection.reason.len() + rejection.field.len(),
    }
}

fn answer(
    said: Result<wit::Admitted, wit::Rejection>,
    offered: &Offered<'_>,
    plans: &HashMap<TaskId, SchedulePlan>,
    limits: &Limits,
) -> Result<Result<Admitted, Rejection>, Wrong> {
    let said = match said {
        Ok(said) => said,
        Err(said) => {
            let bytes_max = limits.text_bytes as usize;
            return Ok(Err(Rejection {
                reason: text::shown(&said.reason, bytes_max),
                field: text::shown(&said.field, bytes_max),
            }));
        }
    };
    // Data that comes back as it was sent has been read already.
    let data = if said.data == offered.draft.data {
        said.data
    } else {
        commands::document("data", said.data)?
    };
    let id = commands::id(&said.id)?;
    Ok(Ok(Admitted {
        id,
        hash: commands::hash("hash", said.hash)?,
        data,
        priority: said.priority.map(commands::priority).transpose()?,
        plan: plans.get(&id).cloned(),
    }))
}

#[cfg(test)]
mod tests {
    use hinny_core::{Organisation, TaskId};
    use uuid::Uuid;

    use super::*;

    fn draft(data: &str) -> Draft {
        Draft {
            sent_id: None,
            fresh_id: TaskId(Uuid::nil()),
            organisation: Organisation::new("acme").unwrap(),
            priority: None,
            data: data.to_owned(),
            not_before: None,
        }
    }

    fn admitted(data: &str) -> wit::Admitted {
        wit::Admitted {
            id: Uuid::nil().to_string(),
            hash: "h".to_owned(),
            data: data.to_owned(),
            priority: None,
        }
    }

    #[test]
    fn a_draft_that_does_not_fit_is_rejected_without_the_plugin_in_its_own_place() {
        let schema = Schema::compile(r#"{"type": "object"}"#).unwrap();
        let drafts = [draft("1"), draft("{}"), draft("2")];
        let admission = Admission::check(&drafts, &schema);
        let offered = admission.offered();
        assert_eq!(offered.len(), 1);
        let said = vec![Ok(admitted("{}"))];
        let answers = answers(said, &offered, &HashMap::new(), &Limits::default()).unwrap();
        let merged = admission.merge(answers);
        let taken: Vec<_> = merged.iter().map(Result::is_ok).collect();
        assert_eq!(taken, [false, true, false]);
        assert_eq!(merged[2].as_ref().unwrap_err().reason, r#"2 is not of type "object""#);
    }

    #[test]
    fn an_answer_that_cannot_be_used_is_named_by_draft_and_field() {
        let drafts = [draft("{}")];
        let schema = Schema::compile("true").unwrap();
        let offered = Admission::check(&drafts, &schema).offered();
        let refused = |said| {
            answers(said, &offered, &HashMap::new(), &Limits::default()).unwrap_err().message
        };
        assert_eq!(refused(vec![]), "gave 0 answers for 1 drafts");
        let said = wit::Admitted { id: "x".to_owned(), ..admitted("{}") };
        assert_eq!(refused(vec![Ok(said)]), "draft 0, `id`: `x` is not a UUID");
        assert!(refused(vec![Ok(admitted("{"))]).starts_with("draft 0, `data`: `{` is not JSON"));
    }
}
