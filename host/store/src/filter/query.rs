//! From the questions of core to predicates.

use hinny_core::{
    SchedulerId, TaskStatus, Timestamp,
    filter::{Filter, FilterError},
    schedule::ScheduleQuery,
    task::TaskQuery,
};

use super::{
    column::{Column, Entity},
    predicate::{Abilities, Comparison, Operand, Predicate, predicate_of},
};

/// What must hold of the tasks of a list.
pub(crate) fn task_predicate(
    query: &TaskQuery,
    abilities: Abilities,
) -> Result<Predicate, FilterError> {
    let mut parts = vec![predicate_of(Entity::Task, &query.filter, abilities)?];
    let texts = [
        (Column::Scheduler, query.scheduler.as_ref().map(SchedulerId::as_str)),
        (Column::Organisation, query.organisation.as_ref().map(hinny_core::Organisation::as_str)),
        (Column::Kind, query.kind.as_ref().map(hinny_core::TaskType::as_str)),
        (Column::Hash, query.hash.as_ref().map(hinny_core::TaskHash::as_str)),
    ];
    parts.extend(texts.into_iter().filter_map(|(column, text)| text_is(column, text)));
    parts.extend(query.status.map(status_is));
    parts.extend(query.dead.map(|dead| flag_is(Column::Dead, dead)));
    parts.extend(between(Column::CreatedAt, query.min_created_at, query.max_created_at));
    Ok(Predicate::All(parts))
}

/// What must hold of the schedules of a list.
pub(crate) fn schedule_predicate(
    query: &ScheduleQuery,
    abilities: Abilities,
) -> Result<Predicate, FilterError> {
    let mut parts = vec![predicate_of(Entity::Schedule, &query.filter, abilities)?];
    let texts = [
        (Column::Scheduler, query.scheduler.as_ref().map(SchedulerId::as_str)),
        (Column::Organisation, query.organisation.as_ref().map(hinny_core::Organisation::as_str)),
        (Column::Hash, query.hash.as_ref().map(hinny_core::TaskHash::as_str)),
    ];
    parts.extend(texts.into_iter().filter_map(|(column, text)| text_is(column, text)));
    parts.extend(query.enabled.map(|enabled| flag_is(Column::Enabled, enabled)));
    parts.extend(between(Column::DeadlineAt, query.min_deadline_at, query.max_deadline_at));
    parts.extend(between(Column::CreatedAt, query.min_created_at, query.max_created_at));
    Ok(Predicate::All(parts))
}

/// What must hold of queued tasks that are looked for, apart from being queued.
pub(crate) fn queued_predicate(
    filter: &Filter,
    abilities: Abilities,
) -> Result<Predicate, FilterError> {
    predicate_of(Entity::Task, filter, abilities)
}

fn text_is(column: Column, text: Option<&str>) -> Option<Predicate> {
    let operand = Operand::Text(text?.to_owned());
    Some(Predicate::compare(column, Comparison::Eq, operand))
}

fn flag_is(column: Column, flag: bool) -> Predicate {
    Predicate::compare(column, Comparison::Eq, Operand::Flag(flag))
}

fn status_is(status: TaskStatus) -> Predicate {
    let operand = Operand::Integer(i64::from(status.code()));
    Predicate::compare(Column::Status, Comparison::Eq, operand)
}

fn between(
    column: Column,
    min: Option<Timestamp>,
    max: Option<Timestamp>,
) -> impl Iterator<Item = Predicate> {
    let bound = move |comparison, moment: Timestamp| {
        Predicate::compare(column, comparison, Operand::Integer(moment.as_micros()))
    };
    let min = min.map(|moment| bound(Comparison::Gte, moment));
    min.into_iter().chain(max.map(|moment| bound(Comparison::Lte, moment)))
}
