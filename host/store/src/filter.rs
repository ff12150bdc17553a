//! Filters, checked and typed: what a dialect of SQL has to say, and nothing of SQL.
//!
//! Every name is looked up and every value converted here, so a dialect only ever writes its own
//! words and binds values.

mod column;
mod containment;
mod mention;
mod predicate;
mod query;
mod table;
mod value;

pub(crate) use self::{
    column::Column,
    mention::mentions,
    predicate::{Abilities, Check, Comparison, Operand, Predicate, Relation, Test},
    query::{queued_predicate, schedule_predicate, task_predicate},
    table::{Tables, expression},
};
