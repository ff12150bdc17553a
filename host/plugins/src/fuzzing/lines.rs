//! What a guest says, one value a line: so that inputs can be read, and mutated line by line.

use std::str::FromStr;

/// What a guest says.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a>(Option<&'a [u8]>);

impl<'a> Lines<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(Some(bytes))
    }

    /// Whether nothing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }

    /// The next line as text; empty when nothing is left.
    pub(crate) fn text(&mut self) -> String {
        let rest = self.0.unwrap_or_default();
        let (line, rest) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => (rest.get(..at), rest.get(at + 1..)),
            None => (Some(rest), None),
        };
        self.0 = rest;
        String::from_utf8_lossy(line.unwrap_or_default()).into_owned()
    }

    /// The same; `-` is none.
    pub(crate) fn maybe(&mut self) -> Option<String> {
        Some(self.text()).filter(|text| text != "-")
    }

    /// The next line as a number; what is none counts as the default.
    pub(crate) fn number<T: FromStr + Default>(&mut self) -> T {
        self.text().parse().unwrap_or_default()
    }

    /// The same; what is no number is none.
    pub(crate) fn maybe_number<T: FromStr>(&mut self) -> Option<T> {
        self.text().parse().ok()
    }

    /// The first letter of the next line.
    pub(crate) fn letter(&mut self) -> Option<char> {
        self.text().chars().next()
    }

    /// What is made of the rest, piece by piece, up to a number of pieces.
    pub(crate) fn all<T>(&mut self, most: usize, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let mut all = Vec::new();
        while !self.is_over() && all.len() < most {
            all.push(read(self));
        }
        all
    }
}
