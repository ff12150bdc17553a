//! What every Rust file looks like.

use crate::tree::{File, files, keep};

/// Where the Rust files are.
const FOLDERS: &[&str] = &["host", "sdk", "plugins", "tests", "examples", "xtask"];

/// Most lines of code in a file, without comments, blank lines and the tests at its end.
const CODE_LINES_MAX: usize = 500;

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let broken = paths_where(|file| !begins_with_doc(&file.text));
    keep("A Rust file begins with `//!` and one sentence that says what is in it.", &broken);
}

#[test]
fn no_file_is_called_mod() {
    let broken = paths_where(|file| file.path.ends_with("/mod.rs"));
    keep("A module with children is `name.rs` beside a folder `name/`, never `mod.rs`.", &broken);
}

#[test]
fn no_file_is_too_long_to_read() {
    let broken: Vec<String> = files(FOLDERS, "rs")
        .iter()
        .map(|file| (file, code_lines(&file.text)))
        .filter(|(_, lines)| *lines > CODE_LINES_MAX)
        .map(|(file, lines)| format!("{}: {lines} lines", file.path))
        .collect();
    let rule = format!(
        "A file has at most {CODE_LINES_MAX} lines of code, comments and tests apart. When a \
         second noun appears in it, give that one a file of its own."
    );
    keep(&rule, &broken);
}

#[test]
fn nothing_is_left_to_do_without_an_issue() {
    let broken: Vec<String> = files(FOLDERS, "rs")
        .iter()
        .flat_map(|file| {
            loose_ends(&file.text).into_iter().map(|line| format!("{}:{line}", file.path))
        })
        .collect();
    keep("A reminder names the issue that it waits for, `#12`, or is done now.", &broken);
}

#[test]
fn a_test_that_is_left_out_says_why() {
    let bare = concat!("#[", "ignore]");
    let broken = paths_where(|file| file.text.contains(bare));
    keep("Write the reason: `#[ignore = \"takes an hour; run with …\"]`.", &broken);
}

fn paths_where(is_broken: impl Fn(&File) -> bool) -> Vec<String> {
    files(FOLDERS, "rs").into_iter().filter(|file| is_broken(file)).map(|file| file.path).collect()
}

fn begins_with_doc(text: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//! "))
}

fn code_lines(text: &str) -> usize {
    text.lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

/// The numbers of the lines with a reminder but without an issue.
fn loose_ends(text: &str) -> Vec<usize> {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    text.lines()
        .enumerate()
        .filter(|(_, line)| {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            let names_issue = comment
                .split_once('#')
                .is_some_and(|(_, after)| after.starts_with(|c: char| c.is_ascii_digit()));
            words.iter().any(|word| comment.contains(word)) && !names_issue
        })
        .map(|(at, _)| at + 1)
        .collect()
}

#[test]
fn the_rules_see_what_breaks_them() {
    assert!(begins_with_doc("\n//! A noun.\nstruct Noun;"));
    assert!(!begins_with_doc("use std::fmt;\n//! Too late.\n"));
    assert_eq!(code_lines("//! Doc.\n\nstruct A;\n// why\nstruct B;\n#[cfg(test)]\nmod t {}"), 2);
    let reminder = concat!("fn a() {} // TO", "DO later\n// TO", "DO #12: now\n");
    assert_eq!(loose_ends(reminder), [1]);
}
