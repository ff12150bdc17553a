//! Numbers and truth, also when they come as text.

use std::time::Duration;

use hinny_core::Priority;

use super::{Form, FromInput, Input, Noted, Place, Problems};

impl FromInput for bool {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let word = match input.form() {
            Form::Bool(value) => return Ok(value),
            Form::Text(text) => text.to_ascii_lowercase(),
            Form::Number(text) => text.to_owned(),
            _ => String::new(),
        };
        match word.as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => problems.note(
                place,
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input; send true or false",
                input,
            ),
        }
    }
}

impl FromInput for i64 {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let (number, kind, what) = match input.form() {
            Form::Number(text) => (integer(text), "int_from_float", "without a fraction"),
            Form::Text(text) => {
                (integer(text.trim()), "int_parsing", "unable to parse string as an integer")
            }
            _ => (None, "int_type", "such as 10"),
        };
        if let Some(number) = number {
            return Ok(number);
        }
        problems.note(place, kind, format!("Input should be a valid integer, {what}"), input)
    }
}

/// An integer, also written as a float without a fraction.
fn integer(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // Beyond this a float cannot tell an integer from the next one.
    let exact = |float: &f64| float.fract() == 0.0 && float.abs() <= Priority::MAX.0 as f64;
    text.parse::<f64>().ok().filter(exact).map(|float| float as i64)
}

impl FromInput for u64 {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let number = i64::read(input, place, problems)?;
        let msg = "Input should be greater than or equal to 0";
        Self::try_from(number).or_else(|_| problems.note(place, "greater_than_equal", msg, input))
    }
}

impl FromInput for u32 {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let number = u64::read(input, place, problems)?;
        Self::try_from(number).or_else(|_| {
            let msg = format!("Input should be less than or equal to {}", Self::MAX);
            problems.note(place, "less_than_equal", msg, input)
        })
    }
}

impl FromInput for Priority {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let priority = Self(i64::read(input, place, problems)?);
        if priority.in_range() {
            return Ok(priority);
        }
        let msg = format!("Input should be between {} and {}", Self::MIN, Self::MAX);
        problems.note(place, "less_than_equal", msg, input)
    }
}

/// A span in seconds, with a fraction if need be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromInput for Seconds {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let number = match input.form() {
            Form::Number(text) => text.parse::<f64>().ok(),
            Form::Text(text) => text.trim().parse::<f64>().ok(),
            _ => None,
        };
        if let Some(span) = number.and_then(|number| Duration::try_from_secs_f64(number).ok()) {
            return Ok(Self(span));
        }
        let msg = "Input should be a number of seconds, 0 or more, such as 30 or 0.5";
        problems.note(place, "float_parsing", msg, input)
    }
}
