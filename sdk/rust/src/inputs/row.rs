//! The inputs of a task by number, for rankers whose inputs depend on their settings.

use std::rc::Rc;

use super::{Batch, Column, Columns, Input, Inputs, RankError};
use crate::bindings::ranker::exports::hinny::plugin::ranker::{Column as WireColumn, ColumnValues};

/// The inputs of one task, by their place in the list that
/// [`Ranker::inputs`](crate::ranker::Ranker::inputs) declared. An input that the task does not
/// have, or that is of another type than asked for, is `None`.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    columns: Rc<[AnyColumn<'a>]>,
    at: usize,
}

#[derive(Debug, Clone)]
enum AnyColumn<'a> {
    Integers(Column<'a, i64>),
    Floats(Column<'a, f64>),
    Texts(Column<'a, &'a str>),
    Flags(Column<'a, bool>),
}

impl<'a> Row<'a> {
    /// An integer.
    #[inline]
    pub fn integer(&self, input: usize) -> Option<i64> {
        match self.columns.get(input)? {
            AnyColumn::Integers(column) => column.get(self.at),
            _ => None,
        }
    }

    /// A float, or an integer as one.
    #[inline]
    pub fn number(&self, input: usize) -> Option<f64> {
        match self.columns.get(input)? {
            AnyColumn::Floats(column) => column.get(self.at),
            AnyColumn::Integers(column) => column.get(self.at).map(|value| value as f64),
            _ => None,
        }
    }

    /// Text.
    #[inline]
    pub fn text(&self, input: usize) -> Option<&'a str> {
        match self.columns.get(input)? {
            AnyColumn::Texts(column) => column.get(self.at),
            _ => None,
        }
    }

    /// A flag.
    #[inline]
    pub fn flag(&self, input: usize) -> Option<bool> {
        match self.columns.get(input)? {
            AnyColumn::Flags(column) => column.get(self.at),
            _ => None,
        }
    }
}

/// The columns of a batch, each of the type in which it came.
#[derive(Debug, Clone)]
pub struct RowColumns<'a>(Rc<[AnyColumn<'a>]>);

impl<'a> Inputs<'a> for Row<'a> {
    type Columns = RowColumns<'a>;

    /// None: a ranker that reads rows by number says in its own `inputs` which.
    fn inputs() -> Vec<Input> {
        Vec::new()
    }

    fn columns(batch: &'a Batch) -> Result<Self::Columns, RankError> {
        let mut columns = Columns::of(batch, batch.columns.len())?;
        let open = |(at, wire): (usize, &'a WireColumn)| {
            let name = at.to_string();
            Ok(match wire.values {
                ColumnValues::Integers(_) => AnyColumn::Integers(columns.next(&name)?),
                ColumnValues::Floats(_) | ColumnValues::Other(_) => {
                    AnyColumn::Floats(columns.next(&name)?)
                }
                ColumnValues::Texts(_) => AnyColumn::Texts(columns.next(&name)?),
                ColumnValues::Flags(_) => AnyColumn::Flags(columns.next(&name)?),
            })
        };
        batch.columns.iter().enumerate().map(open).collect::<Result<_, _>>().map(RowColumns)
    }

    fn row(columns: &Self::Columns, at: usize) -> Self {
        Self { columns: Rc::clone(&columns.0), at }
    }
}
