//! Moments, to the microsecond.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A moment: microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earlier than any moment that occurs.
    pub const MIN: Self = Self(0);
    /// 9999-12-31T23:59:59Z: the last moment that RFC 3339 can write.
    pub const MAX: Self = Self(253_402_300_799_000_000);

    /// From microseconds since the epoch, clamped to what RFC 3339 can write.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// From milliseconds since the epoch.
    pub fn from_millis(millis: i64) -> Self {
        Self::from_micros(millis.saturating_mul(1000))
    }

    /// Microseconds since the epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    pub fn as_millis(self) -> i64 {
        self.0 / 1000
    }

    /// Seconds since the epoch, rounded down.
    pub fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// A later moment.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self::from_micros(
            self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// An earlier moment.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self::from_micros(
            self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Time since an earlier moment; zero when that one is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As a calendar date and time.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::from_micros(moment.timestamp_micros())
    }
}

/// RFC 3339 in UTC with `Z` and 0, 3 or 6 fractional digits.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Text that is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date-time, expected RFC 3339 such as `2026-01-31T12:00:00Z`")]
pub struct InvalidTimestamp(String);

/// Reads RFC 3339; a date-time without offset is UTC, a bare date is its midnight in UTC.
impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(moment.with_timezone(&Utc).into());
        }
        for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
            if let Ok(moment) = NaiveDateTime::parse_from_str(text, form) {
                return Ok(moment.and_utc().into());
            }
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .and_then(|date| date.and_hms_opt(0, 0, 0))
            .map(|moment| moment.and_utc().into())
            .ok_or_else(|| InvalidTimestamp(text.escape_default().take(64).collect()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_clients_send_is_read() {
        let midnight: Timestamp = "2026-01-31T00:00:00Z".parse().unwrap();
        for form in [
            "2026-01-31",
            "2026-01-31T00:00:00",
            "2026-01-31 00:00:00+00:00",
            "2026-01-31T02:00:00+02:00",
        ] {
            assert_eq!(form.parse(), Ok(midnight), "{form}");
        }
        assert!("31/01/2026".parse::<Timestamp>().is_err());
    }

    #[test]
    fn moments_are_written_with_z() {
        assert_eq!(Timestamp::from_micros(1_500_000).to_string(), "1970-01-01T00:00:01.500Z");
    }
}
