//! Moments as OpenKAT writes them.

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A moment. Read with an offset, or without, then in UTC; written in UTC with `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// A moment from milliseconds since the epoch. What no calendar has becomes its end.
    pub fn from_millis(ms: i64) -> Self {
        let end = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::from_millisecond(ms).unwrap_or(end))
    }

    /// Milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Seconds since the epoch.
    pub fn as_seconds(self) -> i64 {
        self.as_millis().div_euclid(1000)
    }

    fn parse(text: &str) -> Option<Self> {
        let naive = |text: &str| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
        text.parse().ok().or_else(|| naive(text)).map(Self)
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format_args!(
                "{text:?} is not a moment, expected one like \"2026-11-24T01:00:00Z\""
            ))
        })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let moment: Moment =
            serde_json::from_value(text.into()).map_err(|error| error.to_string())?;
        Ok(moment.to_string())
    }

    #[test]
    fn a_moment_is_read_with_an_offset_or_in_utc() {
        for (text, expected) in [
            ("2025-11-24T01:00:05.123456Z", "2025-11-24T01:00:05.123456Z"),
            ("2025-11-24T02:00:05+01:00", "2025-11-24T01:00:05Z"),
            ("2025-11-24 01:00:05.5+00:00", "2025-11-24T01:00:05.5Z"),
            ("2025-11-24T01:00:05", "2025-11-24T01:00:05Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        assert!(read("soon").unwrap_err().starts_with(r#""soon" is not a moment, expected"#));
    }

    #[test]
    fn seconds_are_rounded_down_before_1970_too() {
        assert_eq!(Moment::from_millis(1_999).as_seconds(), 1);
        assert_eq!(Moment::from_millis(-1).as_seconds(), -1);
        assert_eq!(Moment::from_millis(i64::MAX).0, Timestamp::MAX);
    }
}
