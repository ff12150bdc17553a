//! What two rankers read, in one batch.

use std::sync::Arc;

use hinny_core::{
    Timestamp,
    input::{Column, ColumnValues, Columns, InputSource, InputSpec, InputType},
};

/// What two rankers read, each thing once, and what the host itself wants to know.
#[derive(Debug)]
pub(super) struct Inputs {
    all: Arc<[InputSpec]>,
    /// Where the inputs of each are.
    base: Vec<usize>,
    candidate: Vec<usize>,
    created_at: usize,
    bucket: usize,
}

impl Inputs {
    pub(super) fn of(base: &[InputSpec], candidate: &[InputSpec]) -> Self {
        let mut all = Vec::new();
        let base = base.iter().map(|spec| place(&mut all, spec)).collect();
        let candidate = candidate.iter().map(|spec| place(&mut all, spec)).collect();
        let mut own = |name: &str, source| {
            place(&mut all, &InputSpec { name: name.to_owned(), source, kind: InputType::Integer })
        };
        let created_at = own("created-at", InputSource::CreatedAt);
        let bucket = own("bucket", InputSource::Bucket);
        Self { all: all.into(), base, candidate, created_at, bucket }
    }

    pub(super) fn all(&self) -> &Arc<[InputSpec]> {
        &self.all
    }

    pub(super) fn for_base(&self, batch: &Columns) -> Columns {
        batch.choose(&self.base)
    }

    pub(super) fn for_candidate(&self, batch: &Columns) -> Columns {
        batch.choose(&self.candidate)
    }

    pub(super) fn bucket<'a>(&self, batch: &'a Columns) -> Option<&'a Column> {
        batch.columns.get(self.bucket)
    }

    /// When each task was pushed.
    pub(super) fn created_at(&self, batch: &Columns) -> Vec<Timestamp> {
        match batch.columns.get(self.created_at).map(|column| &column.values) {
            Some(ColumnValues::Integers(millis)) => {
                millis.iter().copied().map(Timestamp::from_millis).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Where an input is. Names are each ranker's own: what counts is where the value comes from.
fn place(all: &mut Vec<InputSpec>, spec: &InputSpec) -> usize {
    let same = |one: &InputSpec| one.source == spec.source && one.kind == spec.kind;
    all.iter().position(same).unwrap_or_else(|| {
        all.push(spec.clone());
        all.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, pointer: &str) -> InputSpec {
        let source = InputSource::Pointer(pointer.to_owned());
        InputSpec { name: name.to_owned(), source, kind: InputType::Integer }
    }

    fn column(value: i64) -> Column {
        Column { values: ColumnValues::Integers(vec![value]), absent: Vec::new() }
    }

    #[test]
    fn each_gets_its_own_columns_in_its_own_order() {
        let inputs = Inputs::of(
            &[spec("a", "/a"), spec("b", "/b")],
            &[spec("other", "/c"), spec("first", "/a")],
        );
        let sources: Vec<_> = inputs.all().iter().map(|spec| spec.source.to_string()).collect();
        assert_eq!(sources, ["/a", "/b", "/c", "created-at", "bucket"]);
        let batch = Columns { len: 1, columns: [1, 2, 3, 4, 5].map(column).into() };
        assert_eq!(inputs.for_base(&batch).columns, [column(1), column(2)]);
        assert_eq!(inputs.for_candidate(&batch).columns, [column(3), column(1)]);
        assert_eq!(inputs.bucket(&batch), Some(&column(5)));
        assert_eq!(inputs.created_at(&batch), [Timestamp::from_millis(4)]);
    }
}
