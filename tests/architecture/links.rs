//! What the documents point at exists.

use std::path::Path;

use crate::tree::{File, files, folders, keep, root, text};

#[test]
fn every_link_between_documents_leads_somewhere() {
    let broken: Vec<String> = documents()
        .iter()
        .flat_map(|file| {
            let folder = root().join(&file.path);
            let folder = folder.parent().map(Path::to_owned).unwrap_or_default();
            links(&file.text)
                .into_iter()
                .filter(move |link| !folder.join(link).exists())
                .map(|link| format!("{}: {link}", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    keep("A link names a file that is there.", &broken);
}

#[test]
fn every_path_that_a_document_names_exists() {
    let tops = folders(".");
    let broken: Vec<String> = documents()
        .iter()
        .flat_map(|file| {
            paths(&file.text, &tops)
                .into_iter()
                .filter(|path| !root().join(path).exists())
                .map(|path| format!("{}: `{path}`", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    keep("A path in backticks is there, from the root of the repository.", &broken);
}

#[test]
fn every_test_that_a_document_names_exists() {
    let tops = folders(".");
    let broken: Vec<String> = documents()
        .iter()
        .flat_map(|file| {
            tests(&file.text, &tops)
                .into_iter()
                .filter(|(path, name)| {
                    !text(path).is_some_and(|code| code.contains(&format!("fn {name}(")))
                })
                .map(|(path, name)| format!("{}: `{path}::{name}`", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    keep("A test in backticks, such as `tests/a.rs::it_works`, is there.", &broken);
}

#[test]
fn every_chore_that_a_document_names_exists() {
    let main = text("xtask/src/main.rs").expect("xtask has a main.rs");
    let broken: Vec<String> = documents()
        .iter()
        .flat_map(|file| {
            chores(&file.text)
                .into_iter()
                .filter(|chore| !main.contains(&variant(chore)))
                .map(|chore| format!("{}: cargo xtask {chore}", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    keep("A chore is a subcommand of xtask/src/main.rs.", &broken);
}

fn documents() -> Vec<File> {
    files(&["."], "md")
}

/// The targets of `[text](target)` that are files.
fn links(text: &str) -> Vec<String> {
    without_code(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .map(|target| target.split_once('#').map_or(target, |(path, _)| path))
        .filter(|target| !target.is_empty() && !target.contains(':'))
        .map(str::to_owned)
        .collect()
}

/// Backticked paths that start with a folder of the repository, without `*`, `<` and `…`.
fn paths(text: &str, tops: &[String]) -> Vec<String> {
    let path =
        |span: String| span.split_once("::").map_or(span.clone(), |(path, _)| path.to_owned());
    spans(text, tops).into_iter().map(path).collect()
}

/// Those of them that name something in the file, with its name.
fn tests(text: &str, tops: &[String]) -> Vec<(String, String)> {
    let test = |span: String| {
        let (path, name) = span.split_once("::")?;
        Some((path.to_owned(), name.to_owned()))
    };
    spans(text, tops).into_iter().filter_map(test).collect()
}

fn spans(text: &str, tops: &[String]) -> Vec<String> {
    without_code(text)
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| {
            let top = span.split_once('/').map_or("", |(top, _)| top);
            tops.iter().any(|known| known == top)
        })
        .filter(|span| !span.contains(['*', '<', '…', ' ', '{', '$']))
        .map(str::to_owned)
        .collect()
}

/// The words that follow `cargo xtask`.
fn chores(text: &str) -> Vec<String> {
    text.split("cargo xtask ")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect())
        .filter(|word: &String| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

/// How clap calls the variant of a subcommand: `new-plugin` is `NewPlugin`.
fn variant(chore: &str) -> String {
    chore
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

/// A document without its code blocks: what they hold is for programs.
fn without_code(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn links_paths_and_chores_are_found() {
    let text = "See [it](docs/a.md#part) and [that](https://x.org), `host/core/src/a.rs`,\n\
                `host/*/src`, `a/b`.\n```sh\ncargo xtask new-plugin x # [no](link.md)\n```\n`cargo xtask --help`\n";
    assert_eq!(links(text), ["docs/a.md"]);
    assert_eq!(paths(text, &["host".to_owned()]), ["host/core/src/a.rs"]);
    let named = "`tests/a.rs::it_works`, `tests/b.rs`";
    let tops = ["tests".to_owned()];
    assert_eq!(paths(named, &tops), ["tests/a.rs", "tests/b.rs"]);
    assert_eq!(tests(named, &tops), [("tests/a.rs".to_owned(), "it_works".to_owned())]);
    assert_eq!(chores(text), ["new-plugin"]);
    assert_eq!(variant("new-plugin"), "NewPlugin");
}
