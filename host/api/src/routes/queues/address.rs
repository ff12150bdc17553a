//! Names of queues: `{scheduler}-{organisation}`.

use std::fmt;

use hinny_core::{
    Organisation, SchedulerId,
    filter::{Condition, Filter, Operator},
    task::TaskQuery,
};
use serde_json::Value;

use crate::{
    ApiState,
    error::ApiError,
    input::{Fields, FromFields, Noted},
};

/// The name of a queue in the path.
#[derive(Debug)]
pub(in crate::routes) struct QueuePath(pub(super) String);

impl FromFields for QueuePath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self(fields.required("queue_id")?))
    }
}

/// A scheduler, and the organisation whose tasks are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheduler: SchedulerId,
    pub(super) organisation: Organisation,
}

impl Address {
    /// What a name means. Of two schedulers whose names fit, the longer one is meant.
    pub(super) fn find(api: &ApiState, name: &str) -> Result<Self, ApiError> {
        let found = parse(&api.queues.schedulers(), name);
        found.ok_or_else(|| {
            ApiError::NotFound(format!(
                "queue not found, by queue_id: `{name}`; hint: the name is that of a scheduler, a \
                 hyphen and an organisation, and `GET /queues` lists them"
            ))
        })
    }

    /// Narrows a filter to the organisation.
    pub(super) fn of_organisation(&self, mut filter: Filter) -> Filter {
        filter.and.push(Condition {
            column: "organisation".to_owned(),
            path: Vec::new(),
            operator: Operator::Eq,
            value: Value::from(self.organisation.as_str()),
        });
        filter
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.scheduler, self.organisation)
    }
}

/// What a question about tasks means that names a queue where a scheduler is expected.
pub(in crate::routes) fn of_queue(api: &ApiState, query: TaskQuery) -> TaskQuery {
    let schedulers = api.queues.schedulers();
    let named = query.scheduler.as_ref().filter(|name| !schedulers.contains(name));
    let Some(address) = named.and_then(|name| parse(&schedulers, name.as_str())) else {
        return query;
    };
    let filter = address.of_organisation(query.filter);
    TaskQuery { scheduler: Some(address.scheduler), filter, ..query }
}

fn parse(schedulers: &[SchedulerId], name: &str) -> Option<Address> {
    schedulers
        .iter()
        .filter_map(|scheduler| {
            let organisation = name.strip_prefix(scheduler.as_str())?.strip_prefix('-')?;
            let organisation = Organisation::new(organisation).ok()?;
            Some(Address { scheduler: scheduler.clone(), organisation })
        })
        .max_by_key(|address| address.scheduler.as_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_scheduler_whose_name_fits_is_meant() {
        let schedulers = ["jobs", "jobs-night"].map(|name| SchedulerId::new(name).unwrap());
        for (name, meant) in [
            ("jobs-acme", Some(("jobs", "acme"))),
            ("jobs-a-b", Some(("jobs", "a-b"))),
            ("jobs-night-acme", Some(("jobs-night", "acme"))),
            ("jobs-night", Some(("jobs", "night"))),
            ("jobs-", None),
            ("jobs", None),
            ("other-acme", None),
        ] {
            let found = parse(&schedulers, name);
            let found = found.as_ref();
            assert_eq!(
                found.map(|found| (found.scheduler.as_str(), found.organisation.as_str())),
                meant,
                "{name}"
            );
        }
    }
}
