//! A batch on its way into a guest: borrowed where the whole goes, cut where a part does.

use std::{borrow::Cow, ops::Range};

use hinny_core::input::{Column, ColumnValues, Columns};

use crate::bindings::ranker::exports::hinny::plugin::ranker as wit;

/// A batch, or a part of one, ready to be lowered.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    len: usize,
    columns: Vec<Part<'a>>,
}

#[derive(Debug)]
struct Part<'a> {
    values: PartValues<'a>,
    absent: Cow<'a, [u32]>,
}

#[derive(Debug)]
enum PartValues<'a> {
    Integers(&'a [i64]),
    Floats(&'a [f64]),
    Texts { dictionary: Vec<&'a str>, codes: Cow<'a, [u32]> },
    Flags(&'a [bool]),
}

impl<'a> Batch<'a> {
    /// A part of a batch; `None` when a column is shorter than the batch says.
    pub(super) fn cut(columns: &'a Columns, range: &Range<usize>) -> Option<Self> {
        let whole = *range == (0..columns.len);
        let parts = columns.columns.iter().map(|column| part(column, range, whole));
        Some(Self { len: range.len(), columns: parts.collect::<Option<_>>()? })
    }

    /// The columns as the guest gets them.
    pub(super) fn columns(&self) -> Vec<wit::Column<'_>> {
        self.columns.iter().map(Part::lowered).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

fn part<'a>(column: &'a Column, range: &Range<usize>, whole: bool) -> Option<Part<'a>> {
    let values = match &column.values {
        ColumnValues::Integers(values) => PartValues::Integers(values.get(range.clone())?),
        ColumnValues::Floats(values) => PartValues::Floats(values.get(range.clone())?),
        ColumnValues::Flags(values) => PartValues::Flags(values.get(range.clone())?),
        ColumnValues::Texts { dictionary, codes } if whole => PartValues::Texts {
            dictionary: dictionary.iter().map(AsRef::as_ref).collect(),
            codes: Cow::Borrowed(codes.get(range.clone())?),
        },
        ColumnValues::Texts { dictionary, codes } => {
            let dictionary = dictionary.iter().map(AsRef::as_ref).collect::<Vec<_>>();
            let (dictionary, codes) = recoded(&dictionary, codes.get(range.clone())?)?;
            PartValues::Texts { dictionary, codes: Cow::Owned(codes) }
        }
    };
    let absent =
        if whole { Cow::Borrowed(&*column.absent) } else { moved(&column.absent, range).into() };
    Some(Part { values, absent })
}

/// The texts that occur in a part, and codes into those: each text is a call of the guest's
/// allocator, so those of other parts stay away.
fn recoded<'a>(dictionary: &[&'a str], codes: &[u32]) -> Option<(Vec<&'a str>, Vec<u32>)> {
    const UNSEEN: u32 = u32::MAX;
    let mut places = vec![UNSEEN; dictionary.len()];
    let mut kept = Vec::new();
    let mut recoded = Vec::with_capacity(codes.len());
    for &code in codes {
        let place = places.get_mut(code as usize)?;
        if *place == UNSEEN {
            *place = kept.len() as u32;
            kept.push(*dictionary.get(code as usize)?);
        }
        recoded.push(*place);
    }
    Some((kept, recoded))
}

/// Positions within a part, counted from its start.
fn moved(positions: &[u32], range: &Range<usize>) -> Vec<u32> {
    let start = positions.partition_point(|&at| (at as usize) < range.start);
    let end = positions.partition_point(|&at| (at as usize) < range.end);
    let within = positions.get(start..end).unwrap_or_default();
    within.iter().map(|&at| at - range.start as u32).collect()
}

impl Part<'_> {
    fn lowered(&self) -> wit::Column<'_> {
        let values = match &self.values {
            PartValues::Integers(values) => wit::ColumnValues::Integers(values),
            PartValues::Floats(values) => wit::ColumnValues::Floats(values),
            PartValues::Flags(values) => wit::ColumnValues::Flags(values),
            PartValues::Texts { dictionary, codes } => {
                wit::ColumnValues::Texts(wit::TextValues { dictionary, codes })
            }
        };
        wit::Column { values, absent: &self.absent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let texts = ColumnValues::Texts {
            dictionary: ["", "a", "b", "c"].map(Into::into).to_vec(),
            codes: vec![1, 2, 0, 3, 2],
        };
        Columns {
            len: 5,
            columns: vec![
                Column { values: ColumnValues::Integers(vec![1, 2, 3, 4, 5]), absent: vec![0, 3] },
                Column { values: texts, absent: vec![2] },
            ],
        }
    }

    #[test]
    fn a_part_counts_from_its_own_start_and_carries_its_own_texts() {
        let columns = columns();
        let batch = Batch::cut(&columns, &(3..5)).unwrap();
        let [numbers, texts] = &batch.columns[..] else { panic!("two columns") };
        assert!(matches!(numbers.values, PartValues::Integers([4, 5])));
        assert_eq!(*numbers.absent, [0]);
        let PartValues::Texts { dictionary, codes } = &texts.values else { panic!("texts") };
        assert_eq!((&dictionary[..], &codes[..]), (&["c", "b"][..], &[0, 1][..]));
        assert_eq!(*texts.absent, [0_u32; 0]);
    }

    #[test]
    fn the_whole_is_not_copied() {
        let columns = columns();
        let batch = Batch::cut(&columns, &(0..5)).unwrap();
        assert!(batch.columns.iter().all(|part| matches!(part.absent, Cow::Borrowed(_))));
        assert!(Batch::cut(&columns, &(0..6)).is_none(), "a column is shorter than that");
    }
}
