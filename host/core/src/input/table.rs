//! The inputs of the queued tasks, kept as columns.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{
    Column, ColumnValues, Columns, InputRow, InputSource, InputSpec, InputType, InputValue,
    dictionary::{ABSENT, AbsentSet, Dictionary},
};
use crate::Timestamp;

/// The inputs of the queued tasks, as columns; a task is a slot.
#[derive(Debug, Default)]
pub struct InputTable {
    specs: Arc<[InputSpec]>,
    columns: Vec<StoredColumn>,
}

#[derive(Debug)]
enum StoredColumn {
    Integers(Vec<i64>, AbsentSet),
    Floats(Vec<f64>, AbsentSet),
    Texts(Vec<u32>, Dictionary),
    Flags(Vec<u8>),
    /// Milliseconds since the epoch from which the wait counts.
    Since(Vec<i64>),
}

impl InputTable {
    /// An empty table for declared inputs.
    pub fn new(specs: Arc<[InputSpec]>) -> Self {
        let columns = specs
            .iter()
            .map(|spec| match (&spec.source, spec.kind) {
                (InputSource::Wait, _) => StoredColumn::Since(Vec::new()),
                (_, InputType::Integer) => StoredColumn::Integers(Vec::new(), AbsentSet::default()),
                (_, InputType::Float) => StoredColumn::Floats(Vec::new(), AbsentSet::default()),
                (_, InputType::Text) => StoredColumn::Texts(Vec::new(), Dictionary::default()),
                (_, InputType::Flag) => StoredColumn::Flags(Vec::new()),
            })
            .collect();
        Self { specs, columns }
    }

    /// The declared inputs.
    pub fn specs(&self) -> &Arc<[InputSpec]> {
        &self.specs
    }

    /// Puts the inputs of a task at a slot, which must be free or new.
    pub fn put(&mut self, slot: u32, created_at: Timestamp, row: &[InputValue]) {
        let at = slot as usize;
        for (column, value) in self.columns.iter_mut().zip(row) {
            match (column, value) {
                (StoredColumn::Since(values), _) => place(values, at, created_at.as_millis()),
                (StoredColumn::Integers(values, absent), InputValue::Integer(value)) => {
                    place(values, at, *value);
                    absent.set(at, false);
                }
                (StoredColumn::Integers(values, absent), _) => {
                    place(values, at, 0);
                    absent.set(at, true);
                }
                (StoredColumn::Floats(values, absent), InputValue::Float(value)) => {
                    place(values, at, *value);
                    absent.set(at, false);
                }
                (StoredColumn::Floats(values, absent), _) => {
                    place(values, at, 0.0);
                    absent.set(at, true);
                }
                (StoredColumn::Texts(codes, dictionary), InputValue::Text(text)) => {
                    let code = dictionary.intern(text);
                    place(codes, at, code);
                }
                (StoredColumn::Texts(codes, _), _) => place(codes, at, ABSENT),
                (StoredColumn::Flags(flags), InputValue::Flag(flag)) => {
                    place(flags, at, u8::from(*flag));
                }
                (StoredColumn::Flags(flags), _) => place(flags, at, 2),
            }
        }
    }

    /// Forgets the texts of a slot that is given up.
    pub fn clear(&mut self, slot: u32) {
        for column in &mut self.columns {
            if let StoredColumn::Texts(codes, dictionary) = column
                && let Some(code) = codes.get_mut(slot as usize)
            {
                dictionary.release(*code);
                *code = ABSENT;
            }
        }
    }

    /// The columns of a choice of slots, at a moment.
    pub fn columns(&self, slots: &[u32], now: Timestamp) -> Columns {
        let columns = self.columns.iter().map(|column| column.gather(slots, now)).collect();
        Columns { len: slots.len(), columns }
    }

    /// The columns of rows that are in no table yet.
    pub fn columns_of_rows(
        specs: &Arc<[InputSpec]>,
        rows: &[(Timestamp, InputRow)],
        now: Timestamp,
    ) -> Columns {
        let mut table = Self::new(Arc::clone(specs));
        let slots: Vec<u32> = (0..rows.len() as u32).collect();
        for (slot, (created_at, row)) in slots.iter().zip(rows) {
            table.put(*slot, *created_at, row);
        }
        table.columns(&slots, now)
    }
}

fn place<T: Clone + Default>(values: &mut Vec<T>, at: usize, value: T) {
    if at >= values.len() {
        values.resize(at + 1, T::default());
    }
    if let Some(place) = values.get_mut(at) {
        *place = value;
    }
}

impl StoredColumn {
    fn gather(&self, slots: &[u32], now: Timestamp) -> Column {
        match self {
            Self::Integers(values, absent) => Column {
                values: ColumnValues::Integers(pick(values, slots)),
                absent: absent_of(slots, |slot| absent.get(slot)),
            },
            Self::Floats(values, absent) => Column {
                values: ColumnValues::Floats(pick(values, slots)),
                absent: absent_of(slots, |slot| absent.get(slot)),
            },
            Self::Since(values) => Column {
                values: ColumnValues::Integers(
                    pick(values, slots)
                        .into_iter()
                        .map(|since| now.as_millis().saturating_sub(since).max(0))
                        .collect(),
                ),
                absent: Vec::new(),
            },
            Self::Flags(flags) => Column {
                values: ColumnValues::Flags(
                    pick(flags, slots).into_iter().map(|flag| flag == 1).collect(),
                ),
                absent: absent_of(slots, |slot| flags.get(slot) == Some(&2)),
            },
            Self::Texts(codes, dictionary) => gather_texts(codes, dictionary, slots),
        }
    }
}

fn pick<T: Copy + Default>(values: &[T], slots: &[u32]) -> Vec<T> {
    slots.iter().map(|slot| values.get(*slot as usize).copied().unwrap_or_default()).collect()
}

fn absent_of(slots: &[u32], is_absent: impl Fn(usize) -> bool) -> Vec<u32> {
    (0..).zip(slots).filter(|(_, slot)| is_absent(**slot as usize)).map(|(at, _)| at).collect()
}

/// The batch gets a dictionary of its own, with only the texts that occur in it.
fn gather_texts(codes: &[u32], dictionary: &Dictionary, slots: &[u32]) -> Column {
    let mut local: HashMap<u32, u32> = HashMap::new();
    let mut texts = Vec::new();
    let mut absent = Vec::new();
    let mut out = Vec::with_capacity(slots.len());
    // Neighbours often share a text: the last one is remembered outside the map.
    let mut last = (ABSENT, 0);
    for (at, slot) in (0..).zip(slots) {
        let code = codes.get(*slot as usize).copied().unwrap_or(ABSENT);
        if code == ABSENT {
            absent.push(at);
            out.push(0);
            continue;
        }
        if last.0 != code {
            let place = *local.entry(code).or_insert_with(|| {
                texts.push(dictionary.text(code).cloned().unwrap_or_default());
                (texts.len() - 1) as u32
            });
            last = (code, place);
        }
        out.push(last.1);
    }
    Column { values: ColumnValues::Texts { dictionary: texts, codes: out }, absent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(source: InputSource, kind: InputType) -> InputSpec {
        InputSpec { name: "x".to_owned(), source, kind }
    }

    #[test]
    fn a_batch_carries_only_the_texts_that_occur_in_it() {
        let specs: Arc<[InputSpec]> =
            [spec(InputSource::Pointer("/name".to_owned()), InputType::Text)].into();
        let mut table = InputTable::new(specs);
        for (slot, name) in ["a", "b", "a", "c"].into_iter().enumerate() {
            table.put(slot as u32, Timestamp::MIN, &[InputValue::Text(name.into())]);
        }
        table.put(4, Timestamp::MIN, &[InputValue::Absent]);
        let batch = table.columns(&[3, 4, 0, 2], Timestamp::MIN);
        assert_eq!(
            batch.columns[0],
            Column {
                values: ColumnValues::Texts {
                    dictionary: vec!["c".into(), "a".into()],
                    codes: vec![0, 0, 1, 1]
                },
                absent: vec![1],
            }
        );
    }

    #[test]
    fn wait_grows_with_the_clock_and_never_below_zero() {
        let specs: Arc<[InputSpec]> = [spec(InputSource::Wait, InputType::Integer)].into();
        let mut table = InputTable::new(specs);
        table.put(0, Timestamp::from_millis(5_000), &[InputValue::Integer(0)]);
        let wait = |now| table.columns(&[0], Timestamp::from_millis(now)).columns[0].values.clone();
        assert_eq!(wait(6_500), ColumnValues::Integers(vec![1_500]));
        assert_eq!(wait(4_000), ColumnValues::Integers(vec![0]));
    }
}
