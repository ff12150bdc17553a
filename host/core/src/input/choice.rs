//! Parts of a batch: some of its columns, or some of its tasks.

use std::sync::Arc;

use super::{Column, ColumnValues, Columns};

impl Columns {
    /// Some of the columns, in that order; unknown places are left out.
    #[must_use]
    pub fn choose(&self, places: &[usize]) -> Self {
        let columns = places.iter().filter_map(|place| self.columns.get(*place).cloned());
        Self { len: self.len, columns: columns.collect() }
    }

    /// Some of the tasks, in that order; unknown ones are left out.
    #[must_use]
    pub fn pick(&self, positions: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.pick(positions)).collect();
        Self { len: positions.len(), columns }
    }
}

impl Column {
    fn pick(&self, positions: &[u32]) -> Self {
        let is_absent = |position: &u32| self.absent.binary_search(position).is_ok();
        let values = match &self.values {
            ColumnValues::Integers(values) => ColumnValues::Integers(picked(values, positions)),
            ColumnValues::Floats(values) => ColumnValues::Floats(picked(values, positions)),
            ColumnValues::Flags(values) => ColumnValues::Flags(picked(values, positions)),
            ColumnValues::Texts { dictionary, codes } => {
                let code = |position: &u32| {
                    codes.get(*position as usize).copied().filter(|_| !is_absent(position))
                };
                texts(dictionary, positions.iter().map(code))
            }
        };
        let absent = (0..).zip(positions).filter(|(_, position)| is_absent(position));
        Self { values, absent: absent.map(|(at, _)| at).collect() }
    }
}

fn picked<T: Copy>(values: &[T], positions: &[u32]) -> Vec<T> {
    positions.iter().filter_map(|position| values.get(*position as usize).copied()).collect()
}

/// With a dictionary of its own, that has only the texts that occur, in the order of their first use.
fn texts(dictionary: &[Arc<str>], codes: impl Iterator<Item = Option<u32>>) -> ColumnValues {
    let mut places = vec![None; dictionary.len()];
    let mut texts = Vec::new();
    let mut place_of = |code: u32| {
        let place = places.get_mut(code as usize)?;
        Some(*place.get_or_insert_with(|| {
            texts.extend(dictionary.get(code as usize).cloned());
            (texts.len() - 1) as u32
        }))
    };
    let codes = codes.map(|code| code.and_then(&mut place_of).unwrap_or_default()).collect();
    ColumnValues::Texts { dictionary: texts, codes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        input::{InputRow, InputSource, InputSpec, InputTable, InputType, InputValue},
    };

    fn spec(kind: InputType) -> InputSpec {
        let source = InputSource::Pointer("/x".to_owned());
        InputSpec { name: "x".to_owned(), source, kind }
    }

    fn row(number: i64) -> (Timestamp, InputRow) {
        let there = number % 3 != 0;
        let or_absent = |value| if there { value } else { InputValue::Absent };
        let row = [
            or_absent(InputValue::Integer(number)),
            or_absent(InputValue::Float(number as f64)),
            or_absent(InputValue::Text(format!("text {}", number % 4).into())),
            or_absent(InputValue::Flag(number % 2 == 0)),
        ];
        (Timestamp::MIN, row.into())
    }

    fn columns(numbers: &[i64]) -> Columns {
        let kinds = [InputType::Integer, InputType::Float, InputType::Text, InputType::Flag];
        let rows: Vec<_> = numbers.iter().map(|number| row(*number)).collect();
        InputTable::columns_of_rows(&kinds.map(spec).into(), &rows, Timestamp::MIN)
    }

    #[test]
    fn picked_tasks_are_as_if_they_had_come_alone() {
        let all: Vec<_> = (0..20).collect();
        let batch = columns(&all);
        for chosen in [vec![], vec![3], vec![1, 2, 3, 17], all.clone()] {
            let positions: Vec<_> = chosen.iter().map(|number| *number as u32).collect();
            assert_eq!(batch.pick(&positions), columns(&chosen), "{chosen:?}");
        }
    }

    #[test]
    fn chosen_columns_come_in_the_order_of_the_choice() {
        let batch = columns(&[1, 2]);
        let chosen = batch.choose(&[2, 0, 9]);
        assert_eq!(chosen.len, 2);
        assert_eq!(chosen.columns, [batch.columns[2].clone(), batch.columns[0].clone()]);
    }
}
