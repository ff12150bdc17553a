//! When a schedule is due.

use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};
use chrono_tz::Tz;
use croner::{Cron, Weekday, parser::CronParser, parser::Seconds, parser::Year};

use crate::Timestamp;

/// Days among which a match is looked for: a hundred years.
const DAYS_MAX: usize = 36_525;

/// A cron expression in a time zone.
///
/// Five fields: minute, hour, day of month, month, day of week; a sixth in front is seconds. Lists,
/// ranges, steps, names, `L` (last), `#` (nth weekday), `?`, 0 and 7 for Sunday, and `@daily`-style
/// aliases. When day of month and day of week are both restricted, either matches.
#[derive(Debug, Clone)]
pub struct CronExpression {
    text: String,
    cron: Cron,
    zone: Tz,
}

/// A cron expression that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It does not parse.
    #[error("`{text}` is not a cron expression: {why}")]
    Syntax {
        /// What was sent.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// The zone is not in the IANA database.
    #[error("`{0}` is not a time zone, expected an IANA name such as `Europe/Amsterdam`")]
    Zone(String),
    /// It parses, but no date matches within a hundred years.
    #[error("cron expression `{0}` never matches, such as 30 February")]
    Never(String),
}

impl CronExpression {
    /// Longest accepted expression, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Parses an expression; `zone` is an IANA name.
    pub fn parse(text: &str, zone: &str) -> Result<Self, CronError> {
        let shown = || text.escape_default().take(Self::MAX_LEN).collect::<String>();
        let syntax = |why: String| CronError::Syntax { text: shown(), why };
        if text.len() > Self::MAX_LEN {
            return Err(syntax(format!("longer than {} bytes", Self::MAX_LEN)));
        }
        let zone = Tz::from_str(zone)
            .map_err(|_| CronError::Zone(zone.escape_default().take(64).collect()))?;
        let cron = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Optional)
            .dom_and_dow(false)
            .build()
            .parse(text)
            .map_err(|error| syntax(plain(&error.to_string())))?;
        let expression = Self { text: text.to_owned(), cron, zone };
        // A date that never comes is found now, not when the schedule is due.
        expression.next_after(Timestamp::from_micros(1_767_225_600_000_000)).map(|_| expression)
    }

    /// The first match strictly after a moment; it is looked for within a hundred years.
    pub fn next_after(&self, now: Timestamp) -> Result<Timestamp, CronError> {
        let local = now.to_utc().with_timezone(&self.zone);
        let never = || CronError::Never(plain(&self.text));
        if !self.has_time() || !self.has_day(local.date_naive()) {
            return Err(never());
        }
        let next = self.cron.find_next_occurrence(&local, false).map_err(|_| never())?;
        Ok(next.with_timezone(&chrono::Utc).into())
    }

    /// Whether any time of day matches. A list without an element has none, and the library would
    /// look at each second of a year for it.
    fn has_time(&self) -> bool {
        let pattern = &self.cron.pattern;
        let any = |count: u32, matches: &dyn Fn(u32) -> bool| (0..count).any(matches);
        any(60, &|second| pattern.second_match(second).unwrap_or(false))
            && any(60, &|minute| pattern.minute_match(minute).unwrap_or(false))
            && any(24, &|hour| pattern.hour_match(hour).unwrap_or(false))
    }

    /// Whether any day from one on matches, before years are looked at in vain: the library goes on
    /// until the year 5000, which takes 25 ms where no day of any month matches.
    fn has_day(&self, from: NaiveDate) -> bool {
        let pattern = &self.cron.pattern;
        from.iter_days().take(DAYS_MAX).any(|date| {
            let (year, month, day) = (date.year(), date.month(), date.day());
            let weekday = Weekday::from_days_from_sunday(date.weekday().num_days_from_sunday());
            pattern.year_match(year).unwrap_or(false)
                && pattern.month_match(month).unwrap_or(false)
                && pattern.day_match(year, month, day, weekday).unwrap_or(false)
        })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// What a library says of a text, which it may repeat as it came, or the text itself: bounded, and
/// without anything that a terminal obeys.
fn plain(said: &str) -> String {
    let is_plain = |character: char| character.is_ascii_graphic() || character == ' ';
    said.chars()
        .take(2 * CronExpression::MAX_LEN)
        .flat_map(|one| {
            let (kept, escaped) =
                if is_plain(one) { (Some(one), None) } else { (None, Some(one.escape_default())) };
            kept.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, after: &str) -> String {
        let now = after.parse().unwrap();
        CronExpression::parse(text, "UTC").unwrap().next_after(now).unwrap().to_string()
    }

    #[test]
    fn expressions_that_people_write_are_due_when_they_expect() {
        let tuesday = "2026-11-24T10:00:00Z";
        for (text, due) in [
            ("*/5 * * * *", "2026-11-24T10:05:00Z"),
            ("0 0 * * 0", "2026-11-29T00:00:00Z"),
            ("0 0 * * 7", "2026-11-29T00:00:00Z"),
            ("0 0 L * *", "2026-11-30T00:00:00Z"),
            ("0 0 * * 5L", "2026-11-27T00:00:00Z"),
            ("0 0 * * 1#2", "2026-12-14T00:00:00Z"),
            ("0 0 1 * 5", "2026-11-27T00:00:00Z"),
            ("@daily", "2026-11-25T00:00:00Z"),
            ("30 10 24 NOV *", "2026-11-24T10:30:00Z"),
            ("0 0 29 2 +1", "2044-02-29T00:00:00Z"),
            ("59 23 31 12 *", "2026-12-31T23:59:00Z"),
            ("0 0 0 1 1 * 2100", "2100-01-01T00:00:00Z"),
        ] {
            assert_eq!(next(text, tuesday), due, "{text}");
        }
    }

    #[test]
    fn the_next_run_is_strictly_later() {
        assert_eq!(next("0 10 * * *", "2026-11-24T10:00:00Z"), "2026-11-25T10:00:00Z");
    }

    #[test]
    fn a_zone_moves_the_run_with_daylight_saving() {
        let daily = CronExpression::parse("0 12 * * *", "Europe/Amsterdam").unwrap();
        let summer = daily.next_after("2026-07-01T00:00:00Z".parse().unwrap()).unwrap();
        let winter = daily.next_after("2026-12-01T00:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(summer.to_string(), "2026-07-01T10:00:00Z");
        assert_eq!(winter.to_string(), "2026-12-01T11:00:00Z");
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        let refused = |text, zone| CronExpression::parse(text, zone).unwrap_err().to_string();
        assert!(refused("* * *", "UTC").starts_with("`* * *` is not a cron expression:"));
        // No day of any month, a day that is too far away, and lists without an element.
        for text in [
            "0 0 30 2 *",
            "*/5 0 L * +L",
            "0 0 0 1 1 * 2199",
            ",,, * * * * 5L",
            ", * * * *",
            "0 , * * *",
            "0 0 , * *",
            "0 0 * , *",
            "0 0 * * ,",
        ] {
            assert!(refused(text, "UTC").contains("never matches"), "{text}");
        }
        assert!(
            refused("* * * * *", "Mars/Olympus").starts_with("`Mars/Olympus` is not a time zone")
        );
    }
    #[test]
    fn an_expression_with_control_characters_is_refused_without_them() {
        for text in ["*/5 0\u{1b}[31m\r\n 1 * *", "0 0 \u{202e} * *", "0 0 30 2 *\t"] {
            let refused = CronExpression::parse(text, "UTC").unwrap_err().to_string();
            assert!(refused.is_ascii() && !refused.chars().any(char::is_control), "{refused:?}");
        }
    }
}
