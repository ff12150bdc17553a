//! Tests of the derived row view, on batches as they come over the wire.

use super::*;
use crate::bindings::ranker::exports::hinny::plugin::ranker::{
    Column as WireColumn, ColumnValues, TextValues,
};

#[derive(Inputs, Debug, PartialEq)]
struct Everything<'a> {
    #[input(wait)]
    wait_ms: i64,
    #[input("/ratio", default = 0.5)]
    ratio: f64,
    #[input("/on")]
    on: Option<bool>,
    #[input("/team", name = "team name")]
    team: &'a str,
    #[input("")]
    whole: Option<&'a str>,
}

fn column(values: ColumnValues, absent: &[u32]) -> WireColumn {
    WireColumn { values, absent: absent.to_vec() }
}

fn texts(dictionary: &[&str], codes: &[u32]) -> ColumnValues {
    let dictionary = dictionary.iter().map(|text| (*text).to_owned()).collect();
    ColumnValues::Texts(TextValues { dictionary, codes: codes.to_vec() })
}

fn batch() -> Batch {
    Batch {
        len: 2,
        columns: vec![
            column(ColumnValues::Integers(vec![10, 20]), &[]),
            column(ColumnValues::Floats(vec![0.25, 0.0]), &[1]),
            column(ColumnValues::Flags(vec![true, false]), &[1]),
            column(texts(&["red"], &[0, 0]), &[1]),
            // No task has it, so the dictionary is empty and the codes mean nothing.
            column(texts(&[], &[0, 0]), &[0, 1]),
        ],
    }
}

fn refusal(batch: &Batch) -> String {
    Everything::columns(batch).err().unwrap().to_string()
}

#[test]
fn a_row_has_the_values_of_its_task_and_defaults_for_what_is_absent() {
    let batch = batch();
    let columns = Everything::columns(&batch).unwrap();
    assert_eq!(
        Everything::row(&columns, 0),
        Everything { wait_ms: 10, ratio: 0.25, on: Some(true), team: "red", whole: None }
    );
    assert_eq!(
        Everything::row(&columns, 1),
        Everything { wait_ms: 20, ratio: 0.5, on: None, team: "", whole: None }
    );
}

#[test]
fn inputs_are_declared_in_the_order_of_the_fields() {
    let input = |name: &str, source, kind| Input { name: name.to_owned(), source, kind };
    let pointer = |pointer: &str| InputSource::Pointer(pointer.to_owned());
    assert_eq!(
        Everything::inputs(),
        [
            input("wait_ms", InputSource::Wait, InputType::Integer),
            input("ratio", pointer("/ratio"), InputType::Float),
            input("on", pointer("/on"), InputType::Flag),
            input("team name", pointer("/team"), InputType::Text),
            input("whole", pointer(""), InputType::Text),
        ]
    );
}

#[test]
fn a_batch_that_is_not_what_was_declared_is_refused() {
    let mut few = batch();
    few.columns.pop();
    assert!(refusal(&few).contains("the batch has 4 columns, 5 inputs are declared"));
    let mut short = batch();
    short.columns[0].values = ColumnValues::Integers(vec![10]);
    assert!(refusal(&short).contains("column `wait_ms` has 1 values, the batch has 2 tasks"));
    let mut other = batch();
    other.columns[3].values = ColumnValues::Flags(vec![true, true]);
    assert!(refusal(&other).contains("column `team name` is declared as text, it holds flags"));
}

#[test]
fn absence_is_kept_beyond_the_first_64_tasks() {
    let len = 130;
    let values = ColumnValues::Integers((0..i64::from(len)).collect());
    let batch = Batch { len, columns: vec![column(values, &[0, 63, 64, 129, 4000])] };
    let columns = Row::columns(&batch).unwrap();
    let missing: Vec<usize> =
        (0..len as usize).filter(|at| Row::row(&columns, *at).integer(0).is_none()).collect();
    assert_eq!(missing, [0, 63, 64, 129]);
}

#[test]
fn a_row_by_number_gives_a_value_only_as_the_type_that_it_has() {
    let batch = batch();
    let columns = Row::columns(&batch).unwrap();
    let row = Row::row(&columns, 0);
    assert_eq!((row.integer(0), row.number(0)), (Some(10), Some(10.0)));
    assert_eq!((row.integer(1), row.number(1)), (None, Some(0.25)));
    assert_eq!((row.flag(2), row.text(3)), (Some(true), Some("red")));
    assert_eq!((row.text(0), row.flag(3), row.integer(5)), (None, None, None));
}
