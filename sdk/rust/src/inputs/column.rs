//! One input of a batch, typed.

use super::{Batch, InputType, RankError, absence::Absence};
use crate::bindings::ranker::exports::hinny::plugin::ranker::{Column as WireColumn, ColumnValues};

/// A type that an input can have.
pub trait Field<'a>: Copy + 'a {
    /// How it is declared.
    const KIND: InputType;

    /// All values of a column.
    type Values: Copy;

    /// The values, if the column is of this type, and how many.
    fn open(values: &'a ColumnValues) -> Option<(Self::Values, usize)>;

    /// One value. `None` when the column lies about itself.
    fn get(values: Self::Values, at: usize) -> Option<Self>;
}

macro_rules! plain_field {
    ($type:ty, $kind:ident, $case:ident) => {
        impl<'a> Field<'a> for $type {
            const KIND: InputType = InputType::$kind;

            type Values = &'a [$type];

            #[inline]
            fn open(values: &'a ColumnValues) -> Option<(Self::Values, usize)> {
                let ColumnValues::$case(values) = values else { return None };
                Some((values, values.len()))
            }

            #[inline]
            fn get(values: Self::Values, at: usize) -> Option<Self> {
                values.get(at).copied()
            }
        }
    };
}

plain_field!(i64, Integer, Integers);
plain_field!(f64, Float, Floats);
plain_field!(bool, Flag, Flags);

impl<'a> Field<'a> for &'a str {
    const KIND: InputType = InputType::Text;

    type Values = (&'a [u32], &'a [String]);

    #[inline]
    fn open(values: &'a ColumnValues) -> Option<(Self::Values, usize)> {
        let ColumnValues::Texts(texts) = values else { return None };
        Some(((&texts.codes, &texts.dictionary), texts.codes.len()))
    }

    #[inline]
    fn get((codes, dictionary): Self::Values, at: usize) -> Option<Self> {
        let code = codes.get(at)?;
        dictionary.get(*code as usize).map(String::as_str)
    }
}

/// One input of a batch: a value per task, or none.
#[derive(Debug, Clone)]
pub struct Column<'a, T: Field<'a>> {
    values: T::Values,
    absent: Absence,
}

impl<'a, T: Field<'a>> Column<'a, T> {
    fn open(wire: &'a WireColumn, name: &str, len: usize) -> Result<Self, RankError> {
        let Some((values, got)) = T::open(&wire.values) else {
            return Err(wrong_type(name, T::KIND, &wire.values));
        };
        if got != len {
            return Err(RankError::BadInput(format!(
                "column `{name}` has {got} values, the batch has {len} tasks"
            )));
        }
        Ok(Self { values, absent: Absence::new(len, &wire.absent) })
    }

    /// The value of a task, if it has one.
    #[inline]
    pub fn get(&self, at: usize) -> Option<T> {
        if self.absent.contains(at) { None } else { T::get(self.values, at) }
    }
}

fn wrong_type(name: &str, declared: InputType, values: &ColumnValues) -> RankError {
    let got = match values {
        ColumnValues::Integers(_) => "integers",
        ColumnValues::Floats(_) => "floats",
        ColumnValues::Texts(_) => "texts",
        ColumnValues::Flags(_) => "flags",
        ColumnValues::Other(other) => other,
    };
    let declared = declared.name();
    RankError::BadInput(format!("column `{name}` is declared as {declared}, it holds {got}"))
}

impl InputType {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::Flag => "flag",
        }
    }
}

/// The columns of a batch, taken one after the other in the order of the declared inputs.
#[derive(Debug)]
pub struct Columns<'a> {
    len: usize,
    rest: std::slice::Iter<'a, WireColumn>,
}

impl<'a> Columns<'a> {
    /// Starts; `declared` is how many there must be.
    pub fn of(batch: &'a Batch, declared: usize) -> Result<Self, RankError> {
        let got = batch.columns.len();
        if got != declared {
            return Err(RankError::BadInput(format!(
                "the batch has {got} columns, {declared} inputs are declared"
            )));
        }
        Ok(Self { len: batch.len as usize, rest: batch.columns.iter() })
    }

    /// The next one. The name is for errors.
    pub fn next<T: Field<'a>>(&mut self, name: &str) -> Result<Column<'a, T>, RankError> {
        let Some(wire) = self.rest.next() else {
            return Err(RankError::BadInput(format!("there is no column for `{name}`")));
        };
        Column::open(wire, name, self.len)
    }
}
