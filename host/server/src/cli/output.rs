//! How answers are shown: as a table for people, or as JSON for programs.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs: what the API answered.
    Json,
}

impl Format {
    /// What to accept of a host that has an answer in words, too; [`told`] shows it.
    pub(crate) fn mime(self) -> &'static str {
        match self {
            Self::Table => "text/plain",
            Self::Json => "application/json",
        }
    }
}

/// A column of a table: its heading, and where its value is in each row, as a JSON pointer.
pub(crate) type Column = (&'static str, &'static str);

/// Longest text in a cell, in characters; the rest is left to `-o json`. A digest fits, since
/// people copy it.
const CELL_MAX: usize = 72;

/// Shows a list.
pub(crate) fn list(
    format: Format,
    whole: &Value,
    rows: &[Value],
    columns: &[Column],
) -> io::Result<()> {
    match format {
        Format::Json => json(whole),
        Format::Table => print(&table(rows, columns)),
    }
}

/// Shows one thing, field by field.
pub(crate) fn one(format: Format, thing: &Value) -> io::Result<()> {
    match (format, thing) {
        (Format::Table, Value::Object(fields)) => {
            let width = fields.keys().map(String::len).max().unwrap_or_default();
            let lines =
                fields.iter().map(|(name, value)| format!("{name:<width$}  {}\n", cell(value)));
            print(&lines.collect::<String>())
        }
        _ => json(thing),
    }
}

/// Shows a sentence to people, and the whole answer to programs.
pub(crate) fn sentence(format: Format, said: &str, whole: &Value) -> io::Result<()> {
    match format {
        Format::Json => json(whole),
        Format::Table => print(&format!("{said}\n")),
    }
}

/// Shows what a host says in words to people, and as JSON to programs.
pub(crate) fn told(said: &Value) -> io::Result<()> {
    match said {
        Value::String(text) => print(&format!("{}\n", text.trim_end())),
        other => json(other),
    }
}

/// Prints JSON.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}\n"))
}

/// Prints text. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Rows as a table without lines, as `ls -l` and `ps` show theirs.
pub(crate) fn table(rows: &[Value], columns: &[Column]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|(heading, _)| *heading));
    for row in rows {
        let cells = columns.iter().map(|(_, pointer)| {
            let value = row.pointer(pointer).unwrap_or(&Value::Null);
            let alignment =
                if value.is_number() { CellAlignment::Right } else { CellAlignment::Left };
            let text = match value.as_f64() {
                Some(number) if value.is_f64() => format!("{number:.3}"),
                _ => shortened(&cell(value)),
            };
            comfy_table::Cell::new(text).set_alignment(alignment)
        });
        table.add_row(cells);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    lines.concat()
}

/// A value on one line.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => {
            text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
        }
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= CELL_MAX {
        return text.to_owned();
    }
    text.chars().take(CELL_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_lines_up_and_shortens() {
        let rows = [
            json!({"id": "jobs", "queued": 12, "tau": 2.0 / 3.0, "data": {"note": "x".repeat(80)}}),
            json!({"id": "report", "queued": 1_000_000, "data": null}),
        ];
        let columns = [("ID", "/id"), ("QUEUED", "/queued"), ("TAU", "/tau"), ("DATA", "/data")];
        insta::assert_snapshot!(table(&rows, &columns), @r#"
        ID      QUEUED   TAU    DATA
        jobs         12  0.667  {"note":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        report  1000000  -      -
        "#);
    }

    #[test]
    fn a_line_break_in_data_does_not_break_the_line() {
        assert_eq!(cell(&json!("a\nb \"c\"")), "a\\nb \"c\"");
    }
}
