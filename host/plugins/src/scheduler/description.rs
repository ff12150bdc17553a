//! What a scheduler plugin says of itself, checked.

use std::sync::Arc;

use hinny_core::{
    TaskType,
    ranker::FailureKind,
    scheduler::{Draft, SchedulerDescription},
    trigger::Interest,
};

use super::{
    admission::{Admission, Offered},
    schema::Schema,
};
use crate::{
    bindings::scheduler::exports::hinny::plugin::scheduler as wit,
    call::{Call, CallError},
    limits::Limits,
    text,
    title::Title,
};

/// Longest name of a message source, in bytes.
const SOURCE_BYTES: usize = 256;

/// Shortest time between two ticks.
const TICK_MS_MIN: u64 = 1_000;

/// What a scheduler plugin says of itself.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) title: Title,
    pub(crate) description: SchedulerDescription,
    pub(crate) schema: Schema,
}

impl Described {
    pub(super) fn check(said: wit::Descriptor, limits: &Limits) -> Result<Self, CallError> {
        let wrong = |why: String| CallError::new(Call::Describe, FailureKind::OutOfRange, why);
        let title = Title::new(&said.name, &said.version).map_err(wrong)?;
        let task_type = TaskType::new(said.task_type)
            .map_err(|error| wrong(format!("its task type: {error}")))?;
        let schema = Schema::compile(&said.data_schema).map_err(wrong)?;
        let interests = interests(said.interests, limits).map_err(wrong)?;
        let description = SchedulerDescription {
            name: title.name.to_string(),
            version: title.version.to_string(),
            task_type,
            data_schema: Arc::clone(schema.document()),
            interests,
        };
        Ok(Self { title, description, schema })
    }
}

impl Described {
    /// The sources whose messages the plugin wants.
    pub(crate) fn sources(&self) -> Arc<[String]> {
        let interests = self.description.interests.iter();
        let sources = interests.filter_map(|interest| match interest {
            Interest::Messages(source) => Some(source.clone()),
            _ => None,
        });
        sources.collect()
    }

    /// The drafts that fit the schema, as the plugin is asked about them.
    pub(crate) fn offer<'a>(&self, drafts: &'a [Draft]) -> Vec<Offered<'a>> {
        Admission::check(drafts, &self.schema).offered()
    }
}

fn interests(said: Vec<wit::Interest>, limits: &Limits) -> Result<Vec<Interest>, String> {
    let most = limits.interests as usize;
    if said.len() > most {
        return Err(format!(
            "asks for {} kinds of triggers, at most {most} are allowed",
            said.len()
        ));
    }
    said.into_iter().map(interest).collect()
}

fn interest(said: wit::Interest) -> Result<Interest, String> {
    match said {
        wit::Interest::Messages(source) if is_source(&source) => Ok(Interest::Messages(source)),
        wit::Interest::Messages(source) => Err(format!(
            "asks for messages of `{}`, a source has 1 to {SOURCE_BYTES} bytes without control characters",
            text::shown(&source, SOURCE_BYTES)
        )),
        wit::Interest::Ticks(every) if every >= TICK_MS_MIN => Ok(Interest::Ticks(every)),
        wit::Interest::Ticks(every) => {
            Err(format!("asks for a tick every {every} ms, expected at least {TICK_MS_MIN}"))
        }
        wit::Interest::DueSchedules => Ok(Interest::DueSchedules),
        wit::Interest::FinishedTasks => Ok(Interest::FinishedTasks),
        wit::Interest::Other(other) => Err(format!(
            "this host does not know the trigger `{}`; hint: use a newer hinny, or drop the interest",
            text::shown(&other, SOURCE_BYTES)
        )),
    }
}

fn is_source(said: &str) -> bool {
    (1..=SOURCE_BYTES).contains(&said.len()) && text::is_plain(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(task_type: &str, interest: wit::Interest) -> Result<Described, CallError> {
        let said = wit::Descriptor {
            name: "jobs".to_owned(),
            version: "1.0.0".to_owned(),
            task_type: task_type.to_owned(),
            data_schema: "true".to_owned(),
            interests: vec![interest],
        };
        Described::check(said, &Limits::default())
    }

    #[test]
    fn triggers_that_the_host_cannot_send_are_refused_by_name() {
        let refused = |interest| described("job", interest).unwrap_err().message;
        assert!(refused(wit::Interest::Other("tide".to_owned())).contains("the trigger `tide`"));
        assert_eq!(
            refused(wit::Interest::Ticks(10)),
            "asks for a tick every 10 ms, expected at least 1000"
        );
        assert!(refused(wit::Interest::Messages(String::new())).contains("1 to 256 bytes"));
        assert!(described("", wit::Interest::DueSchedules).is_err());
        assert!(described("job", wit::Interest::DueSchedules).is_ok());
    }
}
