//! The host knows nothing of the systems that it serves.

use crate::tree::{File, files, keep};

/// Words of OpenKAT. They belong in `plugins/openkat-*`, in configuration and in the documents.
const WORDS: &[&str] = &["openkat", "boefje", "normalizer", "ooi", "katalogus", "octopoes"];

/// Files of the host that may say them, and why.
const EXCEPTIONS: &[(&str, &str)] =
    &[("host/core/src/filter.rs", "a test of the paths that such clients send")];

#[test]
fn the_host_does_not_speak_of_openkat() {
    let broken: Vec<String> = files(&["host"], "rs")
        .iter()
        .filter(|file| !is_exception(file))
        .filter_map(|file| {
            first_word(&file.text).map(|(line, word)| format!("{}:{line} `{word}`", file.path))
        })
        .collect();
    let rule = "The host is for any work. Move what knows OpenKAT into a plugin or into \
                configuration; where a client demands a name, list the file in \
                tests/architecture/words.rs with the reason.";
    keep(rule, &broken);
}

#[test]
fn every_exception_is_still_needed() {
    let files = files(&["host"], "rs");
    let stale: Vec<String> = EXCEPTIONS
        .iter()
        .filter(|(path, _)| {
            !files.iter().any(|file| file.path == *path && first_word(&file.text).is_some())
        })
        .map(|(path, _)| (*path).to_owned())
        .collect();
    keep("Take these out of the exceptions in tests/architecture/words.rs.", &stale);
}

fn is_exception(file: &File) -> bool {
    EXCEPTIONS.iter().any(|(path, _)| *path == file.path)
}

/// The first line with one of the words, and the word.
fn first_word(text: &str) -> Option<(usize, &'static str)> {
    text.lines().enumerate().find_map(|(at, line)| {
        let line = line.to_lowercase();
        WORDS.iter().find(|word| has_word(&line, word)).map(|word| (at + 1, *word))
    })
}

/// Whether a lower-case line has a word, alone, in the plural, or as a part of a name.
fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphabetic())
        .any(|part| part == word || part.strip_suffix('s') == Some(word))
}

#[test]
fn words_are_found_alone_and_in_names_but_not_inside_others() {
    assert_eq!(first_word("fine\nthe BOEFJES run"), Some((2, "boefje")));
    assert_eq!(first_word("let input_ooi = 1;"), Some((1, "ooi")));
    assert_eq!(first_word("a cooing pigeon"), None);
}
