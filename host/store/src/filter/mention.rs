//! What a document must mention for a test of it to pass.
//!
//! To look for some text is many times cheaper than to read a document. So a document that does not
//! mention what is asked for need not be read.

use super::{Check, Comparison, Operand, Test};

/// Most texts that are looked for: more may take longer than reading.
const TEXTS_MAX: usize = 8;

/// Texts of which a document that passes a test has one in it, unless it has an escape (`\`) in it:
/// then it may be written in another way. Empty: nothing is known.
pub(crate) fn mentions(test: &Test) -> Vec<String> {
    // The opposite of a test passes where there is a value, and not where there is none.
    if test.negated || test.path.is_empty() {
        return Vec::new();
    }
    let operands = match &test.check {
        Check::Compare(Comparison::Eq, operand) => std::slice::from_ref(operand),
        Check::OneOf(operands) if operands.len() <= TEXTS_MAX => operands,
        _ => return Vec::new(),
    };
    let texts: Option<Vec<String>> = operands.iter().map(mention).collect();
    texts.unwrap_or_default()
}

/// How text stands in a document; `None`: what is not text in it may read the same.
fn mention(operand: &Operand) -> Option<String> {
    let Operand::Text(text) = operand else { return None };
    let like_another = text
        .starts_with(|first: char| first.is_ascii_digit() || "-{[".contains(first))
        || matches!(text.as_str(), "true" | "false" | "null" | "Inf");
    (!like_another).then(|| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::{super::Column, *};

    fn test(path: &[&str], check: Check) -> Test {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Test { column: Column::Data, path, negated: false, check }
    }

    fn texts(texts: &[&str]) -> Check {
        Check::OneOf(texts.iter().map(|text| Operand::Text((*text).to_owned())).collect())
    }

    #[test]
    fn text_stands_in_quotes() {
        let is = |comparison| Check::Compare(comparison, Operand::Text("nmap".to_owned()));
        assert_eq!(mentions(&test(&["id"], is(Comparison::Eq))), ["\"nmap\""]);
        assert_eq!(mentions(&test(&["id"], texts(&["a", ""]))), ["\"a\"", "\"\""]);
        assert!(mentions(&test(&["id"], is(Comparison::Gt))).is_empty());
        assert!(mentions(&test(&[], is(Comparison::Eq))).is_empty());
        let negated = Test { negated: true, ..test(&["id"], is(Comparison::Eq)) };
        assert!(mentions(&negated).is_empty(), "a document without the place fails, too");
    }

    #[test]
    fn what_may_stand_there_without_quotes_is_not_looked_for() {
        for text in ["10", "-1", "{}", "[1]", "true", "false", "null", "Inf"] {
            assert!(mentions(&test(&["id"], texts(&["a", text]))).is_empty(), "{text}");
        }
        let number = Check::Compare(Comparison::Eq, Operand::Integer(7));
        assert!(mentions(&test(&["id"], number)).is_empty());
        assert!(mentions(&test(&["id"], texts(&["a"; TEXTS_MAX + 1]))).is_empty());
        assert!(mentions(&test(&["id"], texts(&[]))).is_empty());
    }
}
