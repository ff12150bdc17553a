//! How a failure is shown: what happened, why, and what to do.

use std::process::ExitCode;

/// Failed: the arguments made sense, but it could not be done.
const FAILED: u8 = 1;

/// The arguments make no sense.
const USAGE: u8 = 2;

/// A mistake in the arguments that only shows once they are put to use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// It was done, but the answer is no: everything worth saying has been printed.
#[derive(Debug, thiserror::Error)]
#[error("the answer is no")]
pub(crate) struct Refused;

/// Writes a failure to standard error, and picks the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<Refused>() {
        return ExitCode::from(FAILED);
    }
    eprint!("{}", text(error));
    ExitCode::from(if error.is::<Usage>() { USAGE } else { FAILED })
}

/// The error, its causes and the hints, each on its own line.
fn text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    let mut hints = Vec::new();
    let mut last = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let said = cause.to_string();
        let mut parts = said.split("; hint: ");
        let what = parts.next().unwrap_or_default();
        // Some errors already carry the text of their cause.
        if !last.contains(what) {
            let label = if depth == 0 { "error" } else { "  cause" };
            text.push_str(&indented(label, what));
            what.clone_into(&mut last);
        }
        hints.extend(parts.map(|hint| indented("  hint", hint)));
    }
    text + &hints.concat()
}

fn indented(label: &str, said: &str) -> String {
    format!("{label}: {}\n", said.trim_end().replace('\n', "\n  "))
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn hints_come_last_on_their_own_line() {
        let cause = std::io::Error::other("permission denied; hint: ask whoever owns it");
        let error = Err::<(), _>(cause).context("file `a` cannot be read; hint: check the path");
        insta::assert_snapshot!(text(&error.unwrap_err()), @"
        error: file `a` cannot be read
          cause: permission denied
          hint: check the path
          hint: ask whoever owns it
        ");
    }
}
