//! Text from guests, made fit for people: bounded, on one line, without control characters.

use std::fmt::Write;

/// A text of at most `bytes_max` bytes of the original, with control characters escaped.
pub(crate) fn shown(text: &str, bytes_max: usize) -> String {
    let kept = text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default();
    let mut shown = String::with_capacity(kept.len());
    for character in kept.chars() {
        if is_hazard(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if kept.len() < text.len() {
        // Writing to a string cannot fail.
        let _ = write!(shown, "… ({} bytes in all)", text.len());
    }
    shown
}

/// Whether a text is shown as it is written: without control characters and the like.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.chars().any(is_hazard)
}

/// Whether a character can move the cursor, colour a terminal, or make a line read otherwise than
/// it is written.
fn is_hazard(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_line_breaks_and_turned_text_are_escaped() {
        assert_eq!(shown("a\x1b[31mred\nb\u{202e}c", 100), r"a\u{1b}[31mred\nb\u{202e}c");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shown("ééé", 3), "é… (6 bytes in all)");
        assert_eq!(shown("ééé", 6), "ééé");
    }
}
