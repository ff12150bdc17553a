//! Documents that must say what the code says.

use crate::tree::{File, files, keep, text};

/// Most lines of a decision: it is half a page, not an essay.
const DECISION_LINES_MAX: usize = 60;

/// Most lines of the ranker that README.md shows.
const RANKER_LINES_MAX: usize = 18;

/// The parts of a decision, in their order.
const PARTS: [&str; 3] = ["\n## Context\n", "\n## Choice\n", "\n## Consequences\n"];

#[test]
fn the_ranker_in_the_readme_is_the_one_that_is_tested() {
    let readme = text("README.md").expect("there is a README.md");
    let shown = block(&readme, "```rust\n").expect("README.md shows a ranker in a rust block");
    let source = text("examples/rust-ranker/src/lib.rs").expect("there is an example ranker");
    assert_eq!(
        shown.trim(),
        without_docs_and_tests(&source).trim(),
        "\nCopy examples/rust-ranker/src/lib.rs into README.md, without its `//!` lines and tests.\n"
    );
    assert!(shown.contains("impl Ranker for"), "\nREADME.md shows no ranker.\n");
    assert!(
        shown.lines().filter(|line| !line.trim().is_empty()).count() <= RANKER_LINES_MAX,
        "\nThe ranker in README.md shows how little it takes: at most {RANKER_LINES_MAX} lines.\n"
    );
}

#[test]
fn the_readme_names_the_command_that_continuous_integration_runs() {
    let run = text(".ci/run").expect("there is a .ci/run");
    let command = run.lines().last().and_then(|line| line.strip_prefix("exec "));
    let command = command.expect("the last line of .ci/run executes the test command");
    let readme = text("README.md").expect("there is a README.md");
    assert!(readme.contains(command), "\nREADME.md does not name `{command}`.\n");
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let broken: Vec<String> = decisions()
        .iter()
        .enumerate()
        .filter(|(at, file)| !name(file).starts_with(&format!("{:04}-", at + 1)))
        .map(|(at, file)| format!("{}: expected number {:04}", file.path, at + 1))
        .collect();
    keep(
        "Decisions are docs/decisions/NNNN-title.md, in the order in which they were made.",
        &broken,
    );
}

#[test]
fn a_decision_has_context_choice_and_consequences_on_half_a_page() {
    let broken: Vec<String> = decisions()
        .iter()
        .filter_map(|file| flaw(&file.text).map(|flaw| format!("{}: {flaw}", file.path)))
        .collect();
    keep("A decision tells what was argued, what was chosen and what follows.", &broken);
}

fn decisions() -> Vec<File> {
    files(&["docs/decisions"], "md")
        .into_iter()
        .filter(|file| name(file).starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

fn name(file: &File) -> &str {
    file.path.rsplit('/').next().unwrap_or_default()
}

fn flaw(text: &str) -> Option<String> {
    let mut after = 0;
    for part in PARTS {
        match text.get(after..).and_then(|rest| rest.find(part)) {
            Some(at) => after += at + part.len(),
            None => return Some(format!("`{}` is missing or out of order", part.trim())),
        }
    }
    let lines = text.lines().count();
    (lines > DECISION_LINES_MAX).then(|| format!("{lines} lines, at most {DECISION_LINES_MAX}"))
}

/// The content of the first block that opens with a line.
fn block<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    text.split_once(opening)?.1.split_once("```").map(|(block, _)| block)
}

/// A source without the `//!` lines at its top and without its tests.
fn without_docs_and_tests(source: &str) -> String {
    let lines: Vec<&str> = source
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.trim().is_empty())
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .collect();
    lines.join("\n")
}

#[test]
fn flaws_of_a_decision_are_found() {
    let good = "# T\n\n## Context\n\na\n\n## Choice\n\nb\n\n## Consequences\n\nc\n";
    assert_eq!(flaw(good), None);
    assert!(flaw("# T\n\n## Choice\n\n## Context\n\n## Consequences\n").is_some());
    assert!(flaw(&format!("{good}{}", "more\n".repeat(DECISION_LINES_MAX))).is_some());
}

#[test]
fn docs_and_tests_are_not_part_of_what_is_shown() {
    let source = "//! Doc.\n\nstruct A;\n\n#[cfg(test)]\nmod tests {}\n";
    assert_eq!(without_docs_and_tests(source), "struct A;\n");
    assert_eq!(block("x\n```rust\nstruct A;\n```\n", "```rust\n"), Some("struct A;\n"));
}
